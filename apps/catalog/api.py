"""Products for machines."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.catalog import queries
from apps.edge.lagging import may_lag
from apps.edge.openapi import PAGE_PARAMETERS, page_of, reading_problems
from apps.edge.pagination import CursorPagination
from apps.partners import operations as partners
from apps.partners.authentication import IsMember, actor_of


class ProductsView(APIView):
    """Registered products."""

    permission_classes = (IsMember,)

    class Output(serializers.Serializer[object]):
        """One product."""

        gtin = serializers.CharField()
        name = serializers.CharField()
        strength = serializers.CharField()
        form = serializers.CharField()
        pack_size = serializers.CharField()
        brand_owner = serializers.CharField(source="brand_owner.gln")
        registered_by = serializers.CharField()

    @extend_schema(
        operation_id="list_products",
        parameters=[
            OpenApiParameter("q", str, description="part of name or GTIN"),
            *PAGE_PARAMETERS,
        ],
        responses={200: page_of("Products", Output), **reading_problems(404)},
    )
    @may_lag
    def get(self, request: Request) -> Response:
        """Products by the filter, a page at a time."""
        actor, text = actor_of(request), request.query_params.get("q", "")
        found = queries.search_products(actor=actor, text=text)
        at = timezone.now()
        partners.note_read(actor=actor, action="products.list", subject=text, at=at)
        paginator = CursorPagination()
        shown = paginator.paginate_queryset(found, request, view=self)
        return paginator.get_paginated_response(self.Output(shown, many=True).data)
