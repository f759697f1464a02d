"""The register of partners for machines."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.edge.openapi import PAGE_PARAMETERS, page_of, reading_problems
from apps.edge.pagination import CursorPagination
from apps.partners import operations, queries
from apps.partners.authentication import IsMember, actor_of
from apps.partners.models import LicenceRole


class PartnersView(APIView):
    """Partners: all for the regulator and the operator, else one's own."""

    permission_classes = (IsMember,)

    class Output(serializers.Serializer[object]):
        """One partner."""

        gln = serializers.CharField()
        name = serializers.CharField()
        country = serializers.CharField()
        role = serializers.CharField()

    @extend_schema(
        operation_id="list_partners",
        parameters=[
            OpenApiParameter("q", str, description="part of the name or GLN"),
            OpenApiParameter("role", str, enum=LicenceRole.values),
            *PAGE_PARAMETERS,
        ],
        responses={200: page_of("Partners", Output), **reading_problems(404)},
    )
    def get(self, request: Request) -> Response:
        """Partners by the filters, a page at a time."""
        actor = actor_of(request)
        found = queries.search_partners(
            actor=actor,
            text=request.query_params.get("q", ""),
            role=request.query_params.get("role", ""),
        )
        operations.note_read(
            actor=actor,
            action="partners.list",
            subject=request.query_params.get("q", ""),
            at=timezone.now(),
        )
        paginator = CursorPagination()
        shown = paginator.paginate_queryset(found, request, view=self)
        return paginator.get_paginated_response(self.Output(shown, many=True).data)
