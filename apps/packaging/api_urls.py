"""API addresses, below /api/v1/, of the packaging line."""

from django.urls import URLPattern, URLResolver, path

from apps.packaging.api import pools

_POOL = "pools/<uuid:pool_id>"

urlpatterns: list[URLPattern | URLResolver] = [
    path("pools", pools.PoolsView.as_view(), name="api_pools"),
    path(_POOL, pools.PoolView.as_view(), name="api_pool"),
    path(f"{_POOL}/moves", pools.PoolMovesView.as_view(), name="api_pool_moves"),
    path(f"{_POOL}/uploads", pools.PoolUploadsView.as_view(), name="api_pool_uploads"),
]
