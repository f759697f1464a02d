"""API addresses, below /api/v1/, of custody."""

from django.urls import URLPattern, URLResolver, path

from apps.custody.api import ShipmentsView, ShipmentView, StockView

urlpatterns: list[URLPattern | URLResolver] = [
    path("stock", StockView.as_view(), name="api_stock"),
    path("shipments", ShipmentsView.as_view(), name="api_shipments"),
    path("shipments/<str:ref>", ShipmentView.as_view(), name="api_shipment"),
]
