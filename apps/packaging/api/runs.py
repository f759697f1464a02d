"""Label runs for machines: order, watch, fetch."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
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
from apps.edge.send_file import send_file
from apps.edge.throttles import PerMinute
from apps.packaging.forms.runs import submit_run
from apps.packaging.models import LabelRun, RunKind, RunState
from apps.packaging.operations import runs as operations
from apps.packaging.queries import runs as queries
from apps.packaging.queries.files import run_path
from apps.partners.authentication import CanSign, IsMember, actor_of
from apps.partners.queries import Actor

_ID = OpenApiParameter("run_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
_TYPES = {RunKind.PDF: "application/pdf", RunKind.ZPL: "text/plain; charset=utf-8",
          RunKind.CSV: "text/csv; charset=utf-8"}  # fmt: skip
_ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["kind"],
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string", "enum": sorted(RunKind.values)},
        "pool": {"type": "string", "format": "uuid"},
        "count": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        "gtin": {"type": "string", "pattern": "^[0-9]{14}$"},
        "lot": {"type": "string", "minLength": 1, "maxLength": 20},
        "numbers": {
            "type": "array",
            "items": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "minItems": 2,
                "maxItems": 2,
            },
        },
    },
}


class RunPages(CursorPagination):
    """The newest first."""

    ordering = "-created_at"


class RunThrottle(PerMinute):
    """Runs cost disk and minutes of a worker."""

    scope = "label_runs"
    limit = 60


class LabelRunSerializer(serializers.Serializer[Any]):
    """Where a label run stands."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=RunState.choices)
    kind = serializers.ChoiceField(choices=RunKind.choices)
    pool_id = serializers.UUIDField(allow_null=True)
    gtin = serializers.CharField()
    lot = serializers.CharField()
    expiry_date = serializers.DateField()
    count = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    digest = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    fetched_at = serializers.DateTimeField(allow_null=True)


class LabelRunsView(APIView):
    """The organisation's label runs."""

    parser_classes = [StrictJSONParser]

    @override
    def get_permissions(self) -> list[BasePermission]:
        return [CanSign()] if self.request.method == "POST" else [IsMember()]

    @override
    def get_throttles(self) -> list[Any]:
        return [RunThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="list_label_runs",
        parameters=[*PAGE_PARAMETERS],
        responses={
            200: page_of("LabelRuns", LabelRunSerializer),
            **reading_problems(404),
        },
    )
    def get(self, request: Request) -> Response:
        """The organisation's runs, the newest first."""
        pages = RunPages()
        rows = pages.paginate_queryset(
            queries.visible_to(actor_of(request)), request, view=self
        )
        return pages.get_paginated_response(LabelRunSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="order_label_run",
        request={"application/json": _ORDER},
        responses={202: LabelRunSerializer, **writing_problems()},
    )
    def post(self, request: Request) -> Response:
        """Order labels; serials of a pool are printed from now on."""
        asked = request.data
        if not isinstance(asked, dict):
            raise MalformedInput(
                "wrong_type", field="body", got=json_type(asked), wanted="an object"
            )
        run = submit_run(asked=asked, actor=actor_of(request), at=timezone.now())
        place = reverse("api_label_run", kwargs={"run_id": run.pk})
        body = LabelRunSerializer(run).data
        return Response(body, status=202, headers={"Location": place})


class LabelRunView(APIView):
    """One label run."""

    @override
    def get_permissions(self) -> list[BasePermission]:
        return [CanSign()] if self.request.method == "POST" else [IsMember()]

    @extend_schema(
        operation_id="get_label_run",
        parameters=[_ID],
        responses={200: LabelRunSerializer, **reading_problems(404)},
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """How far it is."""
        run = get_run(actor_of(request), run_id)
        return Response(LabelRunSerializer(run).data)

    @extend_schema(
        operation_id="make_label_run_again",
        parameters=[_ID],
        request=None,
        responses={202: LabelRunSerializer, **writing_problems(404)},
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        """Make the file of a run that failed or expired once more."""
        run = get_run(actor_of(request), run_id)
        again = operations.make_again(run_id=run.pk, at=timezone.now())
        return Response(LabelRunSerializer(again).data, status=202)


class LabelRunFileView(APIView):
    """The labels themselves."""

    permission_classes = [CanSign]

    @extend_schema(
        operation_id="get_label_run_file",
        parameters=[_ID],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            **reading_problems(404),
        },
    )
    def get(self, request: Request, run_id: UUID) -> HttpResponseBase:
        """The file, or the part of it that is asked for; it expires after a week."""
        return answer_file(request._request, actor_of(request), run_id)


def answer_file(request: HttpRequest, actor: Actor, run_id: UUID) -> HttpResponseBase:
    """The file of a run; one that is not there, or not any more, is missing."""
    run = get_run(actor, run_id)
    path = run_path(run)
    if run.state != RunState.READY or not path.exists():
        raise Http404
    name = queries.file_name(run)
    is_zip = name.endswith(".zip")
    response = send_file(
        request,
        path,
        digest=run.digest,
        content_type="application/zip" if is_zip else _TYPES[RunKind(run.kind)],
        name=name,
    )
    if response.status_code == 200:
        operations.note_fetched(run=run, actor=actor, at=timezone.now())
    return response


def get_run(actor: Actor, run_id: UUID) -> LabelRun:
    """The caller's run; a foreign one is a missing one."""
    run = queries.find_run(run_id=run_id, actor=actor)
    if run is None:
        raise Http404
    return run
