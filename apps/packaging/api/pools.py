"""Serial pools for machines: reserve, look, move serials, commission."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from apps.core.errors import MalformedInput
from apps.core.members import json_type
from apps.edge.openapi import (
    PAGE_PARAMETERS,
    page_of,
    reading_problems,
    writing_problems,
)
from apps.edge.pagination import CursorPagination
from apps.edge.parsers import StrictJSONParser
from apps.edge.throttles import PerMinute
from apps.packaging.forms import pools as forms
from apps.partners.authentication import CanSign, IsMember, actor_of
from apps.pools import queries
from apps.pools.models import Pool, PoolState

POOL_ID = OpenApiParameter("pool_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
_LOT = {
    "lot": {"type": "string", "minLength": 1, "maxLength": 20},
    "expiry_date": {"type": "string", "format": "date"},
}
_NUMBERS = {
    "type": "array",
    "items": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 2,
        "maxItems": 2,
    },
}
_RESERVE: dict[str, Any] = {
    "type": "object",
    "required": ["gtin", "size"],
    "additionalProperties": False,
    "properties": {
        "gtin": {"type": "string", "pattern": "^[0-9]{14}$"},
        "size": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        "length": {"type": "integer", "minimum": 1, "maximum": 20},
        **_LOT,
    },
}
_MOVE: dict[str, Any] = {
    "type": "object",
    "required": ["to"],
    "additionalProperties": False,
    "properties": {
        "to": {"type": "string", "enum": sorted(forms.MOVES)},
        "numbers": _NUMBERS,
        "serials": {"type": "array", "items": {"type": "string"}},
        "reason": {"type": "string", "maxLength": 200},
        **_LOT,
    },
}
_COMMISSION: dict[str, Any] = {
    "type": "object",
    "required": ["site"],
    "additionalProperties": False,
    "properties": {
        "site": {"type": "string", "pattern": "^[0-9]{13}$"},
        "numbers": _NUMBERS,
        **_LOT,
    },
}


class PoolPages(CursorPagination):
    """The newest first."""

    ordering = "-created_at"


class PoolThrottle(PerMinute):
    """Pools cost minutes of a worker."""

    scope = "pools"
    limit = 120


class PoolSerializer(serializers.Serializer[Any]):
    """A pool with its counts."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=PoolState.choices)
    gtin = serializers.CharField(source="product.gtin")
    lot = serializers.CharField()
    expiry_date = serializers.DateField(allow_null=True)
    size = serializers.IntegerField()
    length = serializers.IntegerField()
    guess_odds = serializers.SerializerMethodField()
    reserved = serializers.IntegerField(source="reserved_count")
    printed = serializers.IntegerField(source="printed_count")
    commissioned = serializers.IntegerField(source="commissioned_count")
    destroyed = serializers.IntegerField(source="destroyed_count")
    created_at = serializers.DateTimeField()

    def get_guess_odds(self, pool: Pool) -> str:
        """One guess in so many is right, at most; digits, for they are many."""
        return str(queries.odds_of(length=pool.length, known_units=pool.known_units))


class OrderedSerializer(serializers.Serializer[Any]):
    """The upload that came of serials of a pool."""

    upload_id = serializers.UUIDField()


class PoolsView(APIView):
    """The organisation's pools."""

    parser_classes = [StrictJSONParser]

    @override
    def get_permissions(self) -> list[BasePermission]:
        return [CanSign()] if self.request.method == "POST" else [IsMember()]

    @override
    def get_throttles(self) -> list[Any]:
        return [PoolThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="list_pools",
        parameters=[*PAGE_PARAMETERS],
        responses={200: page_of("Pools", PoolSerializer), **reading_problems(404)},
    )
    def get(self, request: Request) -> Response:
        """The organisation's pools, the newest first."""
        pages = PoolPages()
        rows = pages.paginate_queryset(
            queries.visible_to(actor_of(request)), request, view=self
        )
        return pages.get_paginated_response(PoolSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="reserve_pool",
        request={"application/json": _RESERVE},
        responses={202: PoolSerializer, **writing_problems()},
    )
    def post(self, request: Request) -> Response:
        """Reserve serials; a job makes them."""
        pool = forms.submit_pool(
            asked=_object(request), actor=actor_of(request), at=timezone.now()
        )
        place = reverse("api_pool", kwargs={"pool_id": pool.pk})
        body = PoolSerializer(pool).data
        return Response(body, status=202, headers={"Location": place})


class PoolView(APIView):
    """One pool."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="get_pool",
        parameters=[POOL_ID],
        responses={200: PoolSerializer, **reading_problems(404)},
    )
    def get(self, request: Request, pool_id: UUID) -> Response:
        """How many of its serials are in which state."""
        return Response(PoolSerializer(get_pool(request, pool_id)).data)


class PoolMovesView(APIView):
    """Moves of a pool's serials."""

    permission_classes = [CanSign]
    parser_classes = [StrictJSONParser]
    throttle_classes = [PoolThrottle]

    @extend_schema(
        operation_id="move_pool_serials",
        parameters=[POOL_ID],
        request={"application/json": _MOVE},
        responses={200: PoolSerializer, **writing_problems(404)},
    )
    def post(self, request: Request, pool_id: UUID) -> Response:
        """Print or destroy serials, name their lot, or close the pool; whole or not."""
        pool = get_pool(request, pool_id)
        forms.submit_move(
            pool=pool,
            asked=_object(request),
            actor=actor_of(request),
            at=timezone.now(),
        )
        return Response(PoolSerializer(get_pool(request, pool_id)).data)


class PoolUploadsView(APIView):
    """Serials of a pool on their way to a signature."""

    permission_classes = [CanSign]
    parser_classes = [StrictJSONParser]
    throttle_classes = [PoolThrottle]

    @extend_schema(
        operation_id="commission_pool_serials",
        parameters=[POOL_ID],
        request={"application/json": _COMMISSION},
        responses={202: OrderedSerializer, **writing_problems(404)},
    )
    def post(self, request: Request, pool_id: UUID) -> Response:
        """Send printed serials to the check, as an upload like any other."""
        upload = forms.submit_commissioning(
            pool=get_pool(request, pool_id),
            asked=_object(request),
            actor=actor_of(request),
            at=timezone.now(),
        )
        place = reverse("api_upload", kwargs={"upload_id": upload.pk})
        body = {"upload_id": str(upload.pk)}
        return Response(body, status=202, headers={"Location": place})


def get_pool(request: Request, pool_id: UUID) -> Pool:
    """The caller's pool; a foreign one is a missing one."""
    pool = queries.find_pool(pool_id=pool_id, actor=actor_of(request))
    if pool is None:
        raise Http404
    return pool


def _object(request: Request) -> dict[str, Any]:
    asked = request.data
    if not isinstance(asked, dict):
        raise MalformedInput(
            "wrong_type", field="body", got=json_type(asked), wanted="an object"
        )
    return asked
