"""Pages of the packaging line."""

from django.urls import URLPattern, URLResolver, path

from apps.packaging.views import aggregations, pools, runs

_AGGREGATION = "aggregations/<uuid:aggregation_id>"
_RUN = "label-runs/<uuid:run_id>"
_POOL = "pools/<uuid:pool_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("pools", pools.pool_list, name="pools"),
    path("pools/new", pools.pool_new, name="pool_new"),
    path(_POOL, pools.pool_detail, name="pool"),
    path(f"{_POOL}/progress", pools.pool_progress, name="pool_progress"),
    path(f"{_POOL}/move", pools.pool_move, name="pool_move"),
    path(f"{_POOL}/commission", pools.pool_commission, name="pool_commission"),
    path("aggregations", aggregations.aggregation_list, name="aggregations"),
    path("aggregations/new", aggregations.aggregation_new, name="aggregation_new"),
    path(_AGGREGATION, aggregations.aggregation_detail, name="aggregation"),
    path(
        f"{_AGGREGATION}/progress",
        aggregations.aggregation_progress,
        name="aggregation_progress",
    ),
    path(
        f"{_AGGREGATION}/errors.csv",
        aggregations.aggregation_errors,
        name="aggregation_errors",
    ),
    path(
        f"{_AGGREGATION}/cancel",
        aggregations.aggregation_cancel,
        name="aggregation_cancel",
    ),
    path("label-runs", runs.run_list, name="label_runs"),
    path("label-runs/new", runs.run_new, name="label_run_new"),
    path(_RUN, runs.run_detail, name="label_run_page"),
    path(f"{_RUN}/progress", runs.run_progress, name="label_run_progress"),
    path(f"{_RUN}/file", runs.run_file, name="label_run_file"),
    path(f"{_RUN}/again", runs.run_again, name="label_run_again"),
]
