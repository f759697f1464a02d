"""Pages of exchange: the ledger, for everybody and for a statement's parties."""

from django.urls import URLPattern, URLResolver, path

from apps.exchange import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("ledger", views.explorer, name="ledger"),
    path("ledger/entries/<int:index>", views.entry, name="ledger_entry"),
    path(
        "ledger/entries/<int:index>/proof",
        views.entry_proof,
        name="ledger_entry_proof",
    ),
    path(
        "ledger/statements/<str:statement_id>",
        views.statement,
        name="ledger_statement",
    ),
    path("verify", views.verify, name="check_yourself"),
]
