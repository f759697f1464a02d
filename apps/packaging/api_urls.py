"""API addresses, below /api/v1/, of the packaging line."""

from django.urls import URLPattern, URLResolver, path

from apps.packaging.api import aggregations, pools, runs

_AGGREGATION = "aggregations/<uuid:aggregation_id>"
_RUN = "label-runs/<uuid:run_id>"
_POOL = "pools/<uuid:pool_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "aggregations",
        aggregations.AggregationsView.as_view(),
        name="api_aggregations",
    ),
    path(
        _AGGREGATION,
        aggregations.AggregationView.as_view(),
        name="api_aggregation",
    ),
    path(
        f"{_AGGREGATION}/errors",
        aggregations.AggregationErrorsView.as_view(),
        name="api_aggregation_errors",
    ),
    path(
        f"{_AGGREGATION}/statement",
        aggregations.AggregationStatementView.as_view(),
        name="api_aggregation_statement",
    ),
    path("pools", pools.PoolsView.as_view(), name="api_pools"),
    path(_POOL, pools.PoolView.as_view(), name="api_pool"),
    path(f"{_POOL}/moves", pools.PoolMovesView.as_view(), name="api_pool_moves"),
    path(f"{_POOL}/uploads", pools.PoolUploadsView.as_view(), name="api_pool_uploads"),
    path("label-runs", runs.LabelRunsView.as_view(), name="api_label_runs"),
    path(_RUN, runs.LabelRunView.as_view(), name="api_label_run"),
    path(f"{_RUN}/file", runs.LabelRunFileView.as_view(), name="api_label_run_file"),
]
