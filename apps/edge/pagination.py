"""Long lists by cursor: stable while rows arrive, as fast on page 1,000 as on page 1."""

from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """Newest first by primary key; a view with another order says so."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 500
