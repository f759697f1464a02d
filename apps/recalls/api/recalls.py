"""Recalls, their status report and their affected units, for machines."""

from __future__ import annotations

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.edge.lagging import may_lag
from apps.edge.openapi import reading_problems
from apps.edge.pagination import CursorPagination
from apps.partners import operations as partners
from apps.partners.authentication import IsMember, actor_of
from apps.partners.queries import Actor
from apps.recalls.api import schemas, tables
from apps.recalls.models import Recall
from apps.recalls.queries.affected import affected
from apps.recalls.queries.case import Case
from apps.recalls.queries.recalls import (
    find_visible,
    list_changes,
    sees_all_holders,
    visible_to,
    with_own_notices,
)
from apps.recalls.queries.report import build_report
from apps.recalls.queries.shares import tally
from apps.recalls.queries.where import find_where, read_criteria


class RecallPages(CursorPagination):
    """The latest first."""

    ordering = ("-opened_ms", "id")  # type: ignore[assignment]  # DRF takes both


class RecallsView(APIView):
    """Recalls that concern you; all of them for the regulator."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="list_recalls",
        parameters=[schemas.CURSOR, schemas.PAGE_LIMIT],
        responses={200: schemas.RecallPageSerializer, **reading_problems(404)},
    )
    @may_lag
    def get(self, request: Request) -> Response:
        """Recalls you opened and recalls you were told of, the latest first."""
        actor = actor_of(request)
        pages = RecallPages()
        rows = with_own_notices(visible_to(actor), actor)
        shown = pages.paginate_queryset(rows, request, view=self)
        note_read(actor, "recalls.list", "")
        return pages.get_paginated_response(
            schemas.RecallSerializer(shown, many=True).data
        )


class RecallView(APIView):
    """One recall."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="get_recall",
        parameters=[schemas.RECALL_ID],
        responses={200: schemas.RecallDetailSerializer, **reading_problems(404)},
    )
    @may_lag
    def get(self, request: Request, recall_id: str) -> Response:
        """The recall, its history, and its status report if you may see all holders."""
        actor, at = actor_of(request), timezone.now()
        recall = get_visible(recall_id, actor)
        report = None
        if sees_all_holders(recall=recall, actor=actor):
            case = Case(recall)
            report = build_report(case=case, rows=affected(case), at=at)
        shown: Any = with_own_notices(Recall.objects.filter(pk=recall.pk), actor).get()
        body = dict(schemas.RecallSerializer(shown).data)
        changes = list_changes(recall=recall)
        body["changes"] = schemas.ChangeSerializer(changes, many=True).data
        body["report"] = schemas.ReportSerializer(report).data if report else None
        note_read(actor, "recalls.read", recall.pk)
        return Response(body)


class AffectedView(APIView):
    """Where the affected units are."""

    permission_classes = [IsMember]
    renderer_classes = tables.RENDERERS

    @extend_schema(
        operation_id="list_affected",
        parameters=[
            *(schemas.RECALL_ID, schemas.OFFSET, schemas.LIMIT),
            *(schemas.FORMAT, schemas.SERIALS),
        ],
        responses={
            (200, "application/json"): schemas.AffectedSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
            **reading_problems(404),
        },
    )
    @may_lag
    def get(self, request: Request, recall_id: str) -> Response | StreamingHttpResponse:
        """Units by holder, lot, site and status; a holder sees its own rows only."""
        actor = actor_of(request)
        recall = get_visible(recall_id, actor)
        rows = affected(Case(recall))
        if not sees_all_holders(recall=recall, actor=actor):
            rows = [row for row in rows if row.holder == actor.gln]
        note_read(actor, "recalls.affected", recall.pk)
        return _answered(request, rows, name=f"recall-{recall.pk[:12]}")


class RecallQueryView(APIView):
    """Where every unit is now."""

    permission_classes = [IsMember]
    renderer_classes = tables.RENDERERS

    @extend_schema(
        operation_id="query_units",
        parameters=[
            *(schemas.GTIN, schemas.LOT, schemas.SERIAL),
            *(schemas.EXPIRY_FROM, schemas.EXPIRY_TO),
            *(schemas.OFFSET, schemas.LIMIT, schemas.FORMAT, schemas.SERIALS),
        ],
        responses={
            (200, "application/json"): schemas.AffectedSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
            **reading_problems(404),
        },
    )
    @may_lag
    def get(self, request: Request) -> Response | StreamingHttpResponse:
        """For the regulator, and for the maker of the product; others find nothing."""
        actor = actor_of(request)
        criteria = read_criteria(request.query_params)
        found = find_where(criteria, actor=actor)
        note_read(actor, "recalls.query", criteria.subject)
        return _answered(request, found.rows, name="units")


def get_visible(recall_id: str, actor: Actor) -> Recall:
    """The recall; `Http404` if it is foreign or missing."""
    recall = find_visible(recall_id=recall_id, actor=actor)
    if recall is None:
        raise Http404
    return recall


def note_read(actor: Actor, action: str, subject: str) -> None:
    """Log what a regulator reads."""
    partners.note_read(actor=actor, action=action, subject=subject, at=timezone.now())


def _answered(
    request: Request, rows: list[Any], *, name: str
) -> Response | StreamingHttpResponse:
    table = tables.answer_table(request, rows, tally(rows), name=name)
    return Response(table) if isinstance(table, dict) else table
