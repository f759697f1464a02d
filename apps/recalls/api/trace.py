"""The way of a lot or pack, for machines."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import MalformedInput
from apps.edge.lagging import may_lag
from apps.edge.openapi import reading_problems
from apps.partners.authentication import IsMember, actor_of
from apps.recalls.api import schemas
from apps.recalls.api.recalls import note_read
from apps.recalls.queries.trace import find_trace
from apps.recalls.queries.where import read_criteria


class TraceView(APIView):
    """Who held what, and when."""

    permission_classes = [IsMember]

    @extend_schema(
        operation_id="trace",
        parameters=[schemas.GTIN, schemas.LOT, schemas.SERIAL],
        responses={200: schemas.TraceSerializer, **reading_problems(404)},
    )
    @may_lag
    def get(self, request: Request) -> Response:
        """All of it for the maker and the regulator; a holder sees its own links."""
        actor = actor_of(request)
        asked = read_criteria(request.query_params)
        for name, value in (("gtin", asked.gtin), ("lot", asked.lot)):
            if not value:
                raise MalformedInput(
                    "missing_field", field=name, got="nothing", wanted="a value"
                )
        trace = find_trace(
            gtin=asked.gtin, lot=asked.lot, serial=asked.serial, actor=actor
        )
        if trace is None:
            raise Http404
        note_read(actor, "trace.read", asked.subject)
        return Response(schemas.TraceSerializer(trace).data)
