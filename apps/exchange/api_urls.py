"""API addresses, below /api/v1/, of exchange."""

from django.urls import URLPattern, URLResolver, path

from apps.exchange.api import drafts, records, statements

urlpatterns: list[URLPattern | URLResolver] = [
    path("drafts", drafts.DraftsView.as_view(), name="drafts"),
    path("statements", statements.StatementsView.as_view(), name="statements"),
    path(
        "statements:batch",
        statements.StatementBatchView.as_view(),
        name="statements_batch",
    ),
    path(
        "statements/<str:statement_id>",
        records.StatementView.as_view(),
        name="statement",
    ),
    path(
        "statements/<str:statement_id>/proof",
        records.ProofView.as_view(),
        name="statement_proof",
    ),
    path(
        "statements/<str:statement_id>/events",
        records.EventsView.as_view(),
        name="statement_events",
    ),
]
