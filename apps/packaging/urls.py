"""Pages of the packaging line."""

from django.urls import URLPattern, URLResolver, path

from apps.packaging.views import pools

_POOL = "pools/<uuid:pool_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("pools", pools.pool_list, name="pools"),
    path("pools/new", pools.pool_new, name="pool_new"),
    path(_POOL, pools.pool_detail, name="pool"),
    path(f"{_POOL}/progress", pools.pool_progress, name="pool_progress"),
    path(f"{_POOL}/move", pools.pool_move, name="pool_move"),
    path(f"{_POOL}/commission", pools.pool_commission, name="pool_commission"),
]
