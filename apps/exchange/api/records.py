"""GET of accepted statements: what was said, its proof, its events."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import LedgerConflict
from apps.edge.lagging import may_lag
from apps.edge.openapi import reading_problems
from apps.exchange import queries
from apps.exchange.api import schemas
from apps.exchange.queries import Record
from apps.partners import operations as partners
from apps.partners.authentication import IsMember, actor_of


class StatementView(APIView):
    """One accepted statement."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="get_statement",
        parameters=[schemas.STATEMENT_ID],
        responses={200: schemas.StatementSerializer, **reading_problems(404)},
    )
    @may_lag
    def get(self, request: Request, statement_id: str) -> Response:
        """Envelope, receipt, salts, and the leaves' places once they have one."""
        return Response(_get(request, statement_id).document())


class ProofView(APIView):
    """The proof file of one statement."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="get_proof",
        parameters=[schemas.STATEMENT_ID],
        responses={200: OpenApiTypes.OBJECT, **reading_problems(404)},
    )
    @may_lag
    def get(self, request: Request, statement_id: str) -> Response:
        """Everything to check it offline; 404 until all its leaves are anchored."""
        _get(request, statement_id)
        proof = queries.find_proof(statement_id)
        if proof is None:
            raise Http404
        return Response(proof)


class EventsView(APIView):
    """The exact bytes of a statement's events."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="get_events",
        parameters=[schemas.STATEMENT_ID],
        responses={
            (200, "application/x-ndjson"): OpenApiTypes.STR,
            **reading_problems(404),
        },
    )
    @may_lag
    def get(self, request: Request, statement_id: str) -> HttpResponse:
        """NDJSON as it was signed; 404 for kinds without events."""
        events = _get(request, statement_id).events()
        if events is None:
            raise Http404
        return HttpResponse(events, content_type="application/x-ndjson")


def _get(request: Request, statement_id: str) -> Record:
    """The record; foreign and missing answer the same, a regulator's read is noted.

    Raises:
        LedgerConflict: `statement_erased`, to those who may know of it.
    """
    actor = actor_of(request)
    record = queries.find_record(statement_id=statement_id, actor=actor)
    if record is None:
        erased = queries.find_erased(statement_id=statement_id, actor=actor)
        if erased is not None:
            raise LedgerConflict("statement_erased", got=statement_id)
        raise Http404
    partners.note_read(
        actor=actor, action="statement", subject=statement_id, at=timezone.now()
    )
    return record
