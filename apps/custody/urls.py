"""Pages of custody."""

from django.urls import URLPattern, URLResolver, path

from apps.custody.views import (
    batch,
    closing,
    container,
    pack,
    receive,
    returns,
    ship,
    shipments,
    stock,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("stock", stock.stock, name="stock"),
    path("pack", pack.pack, name="pack"),
    path("pack/lot", pack.pack_lot, name="pack_lot"),
    path("pack/lot/draft", pack.pack_lot_draft, name="pack_lot_draft"),
    path("pack/into", pack.pack_into, name="pack_into"),
    path("ship", ship.ship, name="ship"),
    path("shipments", shipments.shipment_list, name="shipments"),
    path("shipments/<str:ref>", shipments.shipment_detail, name="shipment"),
    path(
        "shipments/<str:ref>/outcome",
        shipments.shipment_outcome,
        name="shipment_outcome",
    ),
    path("receive", receive.receive_list, name="receive"),
    path("receive/<str:ref>", receive.receive_shipment, name="receive_shipment"),
    path("receive/<str:ref>/lookup", receive.receive_lookup, name="receive_lookup"),
    path("returns", returns.returns, name="returns"),
    path("closing", closing.closing, name="closing"),
    path("batches/<str:gtin>/<path:lot>", batch.batch, name="batch"),
    path("containers/<path:code>", container.container, name="container"),
]
