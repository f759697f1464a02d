"""The sales by which a partner had packs."""

from __future__ import annotations

from collections.abc import Iterator

from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.custody.models import ShipmentLine


def find_sales(batch_id: int, units: BitMap, *, buyer: str) -> Iterator[str]:
    """References of the sales to `buyer` by which it had these units last."""
    lines = ShipmentLine.objects.filter(
        batch_id=batch_id, shipment__addressee=buyer, shipment__purpose="sale"
    ).order_by("-shipment_id")
    rest = units.copy()
    for ref, sent in lines.values_list("shipment__event__ref", "sent"):
        sold = to_set(sent)
        if rest.intersect(sold):
            yield ref
            rest -= sold
        if not rest:
            return
