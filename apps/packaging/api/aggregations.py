"""Files of packing for machines: send, watch, draft, cancel."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from apps.edge.error_lines import ErrorLineSerializer
from apps.edge.openapi import (
    PAGE_PARAMETERS,
    page_of,
    reading_problems,
    writing_problems,
)
from apps.edge.pagination import CursorPagination
from apps.edge.throttles import PerMinute
from apps.packaging.formats.words import errors_csv, sentence
from apps.packaging.forms.aggregations import submit_aggregation
from apps.packaging.models import Aggregation, AggregationState
from apps.packaging.operations import aggregations as operations
from apps.packaging.operations.packing_check import MAX_ERRORS
from apps.packaging.queries import aggregations as queries
from apps.partners.authentication import CanSign, IsMember, actor_of

_SHOWN_ERRORS = 100
_ID = OpenApiParameter("aggregation_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["file", "gtin", "site"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "gtin": {"type": "string", "pattern": "^[0-9]{14}$"},
        "lot": {"type": "string", "minLength": 1, "maxLength": 20},
        "site": {"type": "string", "pattern": "^[0-9]{13}$"},
    },
}


class AggregationPages(CursorPagination):
    """The newest first."""

    ordering = "-created_at"


class AggregationThrottle(PerMinute):
    """Files cost disk and minutes of a worker."""

    scope = "aggregations"
    limit = 120


class PackingErrorSerializer(ErrorLineSerializer):
    """One line that cannot be taken."""

    def words_of(self, code: str) -> str:
        """A sentence."""
        return sentence(code)


class AggregationSerializer(serializers.Serializer[Any]):
    """Where a file of packing stands, and what it packs."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=AggregationState.choices)
    gtin = serializers.CharField()
    lot = serializers.CharField()
    site = serializers.CharField()
    file_name = serializers.CharField()
    file_digest = serializers.CharField()
    size_bytes = serializers.IntegerField()
    rows_done = serializers.IntegerField()
    rows_total = serializers.IntegerField(allow_null=True)
    error_count = serializers.IntegerField()
    pallets = serializers.IntegerField()
    cases = serializers.IntegerField()
    packs = serializers.IntegerField()
    loose = serializers.IntegerField()
    statement_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class AggregationDetailSerializer(AggregationSerializer):
    """The same with the first errors by line."""

    errors_by_line = serializers.SerializerMethodField()

    @extend_schema_field(PackingErrorSerializer(many=True))
    def get_errors_by_line(self, row: Aggregation) -> list[dict[str, Any]]:
        """The first 100 errors."""
        errors = queries.list_errors(aggregation=row, limit=_SHOWN_ERRORS)
        return list(PackingErrorSerializer(errors, many=True).data)


class EventsDraftSerializer(serializers.Serializer[Any]):
    """The exact bytes to sign, the events they name, and what they say in words."""

    payload_type = serializers.CharField()
    payload = serializers.CharField()
    statement_id = serializers.CharField()
    words = serializers.CharField()
    subjects = serializers.ListField(child=serializers.DictField())
    lines = serializers.CharField()


class AggregationsView(APIView):
    """Files of packing of the organisation."""

    parser_classes = [MultiPartParser]

    @override
    def get_permissions(self) -> list[BasePermission]:
        return [CanSign()] if self.request.method == "POST" else [IsMember()]

    @override
    def get_throttles(self) -> list[Any]:
        return [AggregationThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="list_aggregations",
        parameters=[*PAGE_PARAMETERS],
        responses={
            200: page_of("Aggregations", AggregationSerializer),
            **reading_problems(404),
        },
    )
    def get(self, request: Request) -> Response:
        """The organisation's files, the newest first."""
        pages = AggregationPages()
        rows = pages.paginate_queryset(
            queries.visible_to(actor_of(request)), request, view=self
        )
        return pages.get_paginated_response(AggregationSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="upload_aggregation",
        request={"multipart/form-data": _FORM},
        responses={202: AggregationSerializer, **writing_problems()},
    )
    def post(self, request: Request) -> Response:
        """Take a file in; it is checked by a job. The same file again is the same."""
        row = submit_aggregation(
            fields=request._request.POST.lists(),
            files=request._request.FILES.lists(),
            actor=actor_of(request),
            at=timezone.now(),
        )
        place = reverse("api_aggregation", kwargs={"aggregation_id": row.pk})
        body = AggregationSerializer(row).data
        return Response(body, status=202, headers={"Location": place})


class AggregationView(APIView):
    """One file of packing."""

    @override
    def get_permissions(self) -> list[BasePermission]:
        return [CanSign()] if self.request.method == "DELETE" else [IsMember()]

    @extend_schema(
        operation_id="get_aggregation",
        parameters=[_ID],
        responses={200: AggregationDetailSerializer, **reading_problems(404)},
    )
    def get(self, request: Request, aggregation_id: UUID) -> Response:
        """State, counts, errors by line."""
        row = _get(request, aggregation_id)
        return Response(AggregationDetailSerializer(row).data)

    @extend_schema(
        operation_id="cancel_aggregation",
        parameters=[_ID],
        responses={204: None, **writing_problems(404)},
    )
    def delete(self, request: Request, aggregation_id: UUID) -> Response:
        """Give an open file up; nothing of it remains but its row."""
        row = _get(request, aggregation_id)
        operations.cancel_aggregation(aggregation_id=row.pk, at=timezone.now())
        return Response(status=204)


class AggregationErrorsView(APIView):
    """The errors as a file."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="get_aggregation_errors",
        parameters=[_ID],
        responses={(200, "text/csv"): OpenApiTypes.STR, **reading_problems(404)},
    )
    def get(self, request: Request, aggregation_id: UUID) -> HttpResponse:
        """CSV of the first 1,000 errors, safe to open in a spreadsheet."""
        return answer_errors(_get(request, aggregation_id))


class AggregationStatementView(APIView):
    """The statement that packs what the file says."""

    permission_classes = [CanSign]

    @extend_schema(
        operation_id="draft_packing",
        parameters=[_ID],
        responses={200: EventsDraftSerializer, **reading_problems(404, 409)},
    )
    def get(self, request: Request, aggregation_id: UUID) -> Response:
        """The exact bytes to sign, their events, the sentence in words."""
        row = _get(request, aggregation_id)
        draft = operations.hand_out_draft(
            aggregation=row, actor=actor_of(request), at=timezone.now()
        )
        return Response(draft.as_json())


def answer_errors(row: Aggregation) -> HttpResponse:
    """The stored errors as a download."""
    errors = queries.list_errors(aggregation=row, limit=MAX_ERRORS)
    response = HttpResponse(errors_csv(errors), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="errors-{row.pk}.csv"'
    return response


def _get(request: Request, aggregation_id: UUID) -> Aggregation:
    """The caller's file, up to date; a foreign one is a missing one."""
    row = operations.refresh_aggregation(
        aggregation_id=aggregation_id, actor=actor_of(request), at=timezone.now()
    )
    if row is None:
        raise Http404
    return row
