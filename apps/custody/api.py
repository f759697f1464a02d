"""Stock and despatches for machines, as far as their reader is a party to them."""

from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import MalformedInput
from apps.custody.models import Shipment
from apps.custody.queries.shelf import IN_STOCK, UNDER_WAY, holdings, stock_rows
from apps.custody.queries.shipments import despatches, open_items
from apps.custody.queries.sight import shipments_visible_to
from apps.custody.queries.travels import gaps_of
from apps.edge.lagging import may_lag
from apps.edge.openapi import (
    PAGE_PARAMETERS,
    page_of,
    query_parameter,
    reading_problems,
)
from apps.edge.pagination import CursorPagination
from apps.partners import operations as partners
from apps.partners.authentication import IsMember, actor_of

_STATUSES: Final = (*IN_STOCK, *UNDER_WAY)
_DIRECTIONS: Final = {"in": "addressee", "out": "sender"}
_STATES: Final = {"open": True, "closed": False}


class StockSerializer(serializers.Serializer[Any]):
    """Units of one batch at one site in one status."""

    gtin = serializers.CharField()
    product = serializers.CharField()
    lot = serializers.CharField()
    expiry_date = serializers.DateField()
    holder = serializers.CharField()
    site = serializers.CharField()
    status = serializers.ChoiceField(choices=_STATUSES)
    count = serializers.IntegerField()
    recalled = serializers.IntegerField()
    held = serializers.IntegerField()


class LotSerializer(serializers.Serializer[Any]):
    """One batch on a despatch: packs sent, and still under way."""

    gtin = serializers.CharField()
    product = serializers.CharField()
    lot = serializers.CharField()
    expiry_date = serializers.DateField()
    sent = serializers.IntegerField()
    open = serializers.IntegerField()


class ShipmentSerializer(serializers.Serializer[Any]):
    """A despatch as both of its sides see it."""

    ref = serializers.CharField()
    sender = serializers.CharField()
    sender_site = serializers.CharField()
    addressee = serializers.CharField()
    addressee_site = serializers.CharField()
    purpose = serializers.ChoiceField(choices=("sale", "return", "recall"))
    accepted_ms = serializers.IntegerField()
    is_open = serializers.BooleanField()
    documents = serializers.ListField(child=serializers.DictField())
    lots = LotSerializer(many=True)


class ItemSerializer(serializers.Serializer[Any]):
    """Something still under way: a container, or a pack that stands in none.

    `inside`: EPC of the container around it, "" if it stands free.
    """

    epc = serializers.CharField()
    kind = serializers.ChoiceField(choices=("container", "pack"))
    inside = serializers.CharField(source="parent", allow_blank=True)
    gtin = serializers.CharField(allow_blank=True)
    lot = serializers.CharField(allow_blank=True)
    serial = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()


class GapSerializer(serializers.Serializer[Any]):
    """A typed discrepancy."""

    kind = serializers.CharField()
    gtin = serializers.CharField()
    lot = serializers.CharField()
    count = serializers.IntegerField()
    is_settled = serializers.BooleanField()
    accepted_ms = serializers.IntegerField()


class ShipmentDetailSerializer(ShipmentSerializer):
    """One despatch with what is under way and what was found missing."""

    open_items = ItemSerializer(many=True)
    discrepancies = GapSerializer(many=True)


class StockView(APIView):
    """What an organisation holds."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="list_stock",
        parameters=[
            *PAGE_PARAMETERS,
            query_parameter("q", "part of product, GTIN or lot"),
            query_parameter("status", "only this status", enum=list(_STATUSES)),
            query_parameter("gln", "whose stock; only the regulator may ask"),
        ],
        responses={
            200: page_of("StockPage", StockSerializer),
            **reading_problems(404),
        },
    )
    @may_lag
    def get(self, request: Request) -> Response:
        """Holdings by batch, site and status, the latest rows first."""
        actor, query = actor_of(request), request.query_params
        gln = query.get("gln", "") if actor.is_regulator else actor.gln
        _note_read(request, "stock.list", gln)
        wanted = _word(request, "status", _STATUSES)
        rows = holdings(
            gln=gln, statuses=[wanted] if wanted else _STATUSES, text=query.get("q", "")
        )
        pages = CursorPagination()
        shown = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(
            StockSerializer(stock_rows(shown or []), many=True).data
        )


class ShipmentsView(APIView):
    """Despatches you send or get; all of them for the regulator."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="list_shipments",
        parameters=[
            *PAGE_PARAMETERS,
            query_parameter("direction", "only to or from you", enum=list(_DIRECTIONS)),
            query_parameter("state", "only open or closed ones", enum=list(_STATES)),
        ],
        responses={
            200: page_of("ShipmentPage", ShipmentSerializer),
            **reading_problems(404),
        },
    )
    @may_lag
    def get(self, request: Request) -> Response:
        """Despatches by the filters, the latest first."""
        rows = _filtered(request, shipments_visible_to(actor_of(request)))
        _note_read(request, "shipments.list", request.query_params.urlencode())
        pages = CursorPagination()
        shown = pages.paginate_queryset(rows, request, view=self)
        keys = [row.pk for row in shown or []]
        found = despatches(Shipment.objects.filter(pk__in=keys).order_by("-pk"))
        return pages.get_paginated_response(ShipmentSerializer(found, many=True).data)


class ShipmentView(APIView):
    """One despatch."""

    permission_classes = (IsMember,)

    @extend_schema(
        operation_id="get_shipment",
        parameters=[
            OpenApiParameter(
                "ref",
                str,
                OpenApiParameter.PATH,
                description="statement id; id#k, written id%23k, for a line of a file",
            )
        ],
        responses={200: ShipmentDetailSerializer, **reading_problems(404)},
    )
    def get(self, request: Request, ref: str) -> Response:
        """Lots, what is still under way, discrepancies. Foreign and missing: 404."""
        visible = shipments_visible_to(actor_of(request))
        found = despatches(visible.filter(event__ref=ref))
        if not found:
            raise Http404
        _note_read(request, "shipments.read", ref)
        return Response(
            {
                **ShipmentSerializer(found[0]).data,
                "open_items": ItemSerializer(open_items(ref=ref), many=True).data,
                "discrepancies": GapSerializer(gaps_of(ref=ref), many=True).data,
            }
        )


def _filtered(request: Request, rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    direction = _word(request, "direction", tuple(_DIRECTIONS))
    state = _word(request, "state", tuple(_STATES))
    if direction:
        rows = rows.filter(**{_DIRECTIONS[direction]: actor_of(request).gln})
    return rows.filter(is_open=_STATES[state]) if state else rows


def _word(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    text = request.query_params.get(name, "")
    if text and text not in allowed:
        raise MalformedInput(
            "unknown_word", field=name, got=text, wanted="one of " + ", ".join(allowed)
        )
    return text


def _note_read(request: Request, action: str, subject: str) -> None:
    partners.note_read(
        actor=actor_of(request), action=action, subject=subject, at=timezone.now()
    )
