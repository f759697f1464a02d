"""Bundles for machines: asked for, waited for, fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.strict import parse_decimal
from apps.edge.openapi import reading_problems
from apps.edge.send_file import send_file
from apps.partners import operations as partners
from apps.partners.authentication import IsMember, actor_of
from apps.partners.queries import Actor
from apps.recalls import operations
from apps.recalls.api import schemas
from apps.recalls.api.recalls import note_read
from apps.recalls.models import Bundle
from apps.recalls.queries.bundles import (
    BundleView,
    Scope,
    file_name,
    path_of,
    scope_of_lot,
    scope_of_recall,
    view_of,
)
from apps.recalls.queries.where import read_criteria

_RETRY_SECONDS = 2
_ANSWERS = {
    (200, "application/zip"): OpenApiTypes.BINARY,
    (202, "application/json"): schemas.BundleSerializer,
    (206, "application/zip"): OpenApiTypes.BINARY,
    304: None,
    416: None,
    **reading_problems(404, 409),
}


class ZipRenderer(BaseRenderer):
    """Names the zip for negotiation; the file is streamed by the view."""

    media_type = "application/zip"
    format = "zip"
    charset = None
    render_style = "binary"

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        return JSONRenderer().render(data)  # while there is no file yet


class RecallBundleView(APIView):
    """The completeness bundle of a recall."""

    permission_classes = [IsMember]
    renderer_classes = [JSONRenderer, ZipRenderer]

    @extend_schema(
        operation_id="get_recall_bundle",
        parameters=[schemas.RECALL_ID, schemas.LEAST_SIZE],
        responses=_ANSWERS,
    )
    def get(self, request: Request, recall_id: str) -> HttpResponseBase:
        """All lots of the recall in one zip: 202 while it is built, then the file."""
        actor = actor_of(request)
        scope = scope_of_recall(recall_id=recall_id, actor=actor)
        return answer_bundle(request, actor, scope)


class LotBundleView(APIView):
    """The bundle of one lot."""

    permission_classes = [IsMember]
    renderer_classes = [JSONRenderer, ZipRenderer]

    @extend_schema(
        operation_id="get_lot_bundle",
        parameters=[schemas.GTIN, schemas.LOT, schemas.LEAST_SIZE],
        responses=_ANSWERS,
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The whole history of a lot in one zip: 202 while it is built, then the file."""
        actor, (gtin, lot) = actor_of(request), read_lot(request.query_params)
        scope = scope_of_lot(gtin=gtin, lot=lot, actor=actor)
        return answer_bundle(request, actor, scope)


def read_lot(said: Mapping[str, str]) -> tuple[str, str]:
    """GTIN and lot, as the parameters of an address name them.

    Raises:
        MalformedInput: one of them is missing, or cannot be read.
    """
    asked = read_criteria(said)
    for name, value in (("gtin", asked.gtin), ("lot", asked.lot)):
        if not value:
            raise MalformedInput(
                "missing_field", field=name, got="nothing", wanted="a value"
            )
    return asked.gtin, asked.lot


def answer_bundle(
    request: Request, actor: Actor, scope: Scope | None
) -> HttpResponseBase:
    """The file if it is there; else 202, and a job that builds it.

    Raises:
        Http404: foreign or missing.
        LedgerConflict: `bundle_refused`: it cannot be built, and why.
        MalformedInput: a `least_size` that is no number.
    """
    if scope is None:
        raise Http404
    least = request.query_params.get("least_size", "0")
    bundle = operations.request_bundle(
        scope=scope,
        at=timezone.now(),
        least_size=parse_decimal(least, field="least_size"),
    )
    view = view_of(bundle)
    if view.is_failed:
        raise LedgerConflict("bundle_refused", field="bundle", got=bundle.fault)
    if not view.is_ready:
        note_read(actor, "recalls.bundle", scope.subject)
        return _accepted(request, view)
    return hand_out(request._request, actor, scope, bundle)


def hand_out(
    request: HttpRequest, actor: Actor, scope: Scope, bundle: Bundle
) -> HttpResponseBase:
    """The file of a bundle; who got it is written down, whoever it is."""
    partners.record_read(
        actor=actor, action="recalls.bundle", subject=scope.subject, at=timezone.now()
    )
    return send_file(
        request,
        path_of(bundle),
        digest=bundle.digest,
        content_type="application/zip",
        name=file_name(scope, bundle),
    )


def _accepted(request: Request, view: BundleView) -> Response:
    body = schemas.BundleSerializer(view).data
    headers = {
        "Location": request.get_full_path(),
        "Retry-After": str(_RETRY_SECONDS),
    }
    return Response(body, status=202, headers=headers)
