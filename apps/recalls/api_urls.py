"""API addresses, below /api/v1/, of recalls."""

from django.urls import URLPattern, URLResolver, path

from apps.recalls.api.bundles import LotBundleView, RecallBundleView
from apps.recalls.api.recalls import (
    AffectedView,
    RecallQueryView,
    RecallsView,
    RecallView,
)
from apps.recalls.api.trace import TraceView

urlpatterns: list[URLPattern | URLResolver] = [
    path("recalls", RecallsView.as_view(), name="api_recalls"),
    path("recalls/<str:recall_id>", RecallView.as_view(), name="api_recall"),
    path(
        "recalls/<str:recall_id>/affected",
        AffectedView.as_view(),
        name="api_recall_affected",
    ),
    path(
        "recalls/<str:recall_id>/bundle",
        RecallBundleView.as_view(),
        name="api_recall_bundle",
    ),
    path("batches/bundle", LotBundleView.as_view(), name="api_lot_bundle"),
    path("recall-query", RecallQueryView.as_view(), name="api_recall_query"),
    path("trace", TraceView.as_view(), name="api_trace"),
]
