"""API addresses, below /api/v1/, of catalog."""

from django.urls import URLPattern, URLResolver, path

from apps.catalog.api import ProductsView

urlpatterns: list[URLPattern | URLResolver] = [
    path("products", ProductsView.as_view(), name="api_products"),
]
