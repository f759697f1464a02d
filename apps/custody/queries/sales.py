"""The sale by which a partner had a pack."""

from __future__ import annotations

from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.custody.models import ShipmentLine


def find_sale(batch_id: int, ordinal: int, *, buyer: str) -> str:
    """The reference of the latest sale of one unit to `buyer`; "" if there is none."""
    one = BitMap([ordinal])
    lines = ShipmentLine.objects.filter(
        batch_id=batch_id, shipment__addressee=buyer, shipment__purpose="sale"
    ).order_by("-shipment_id")
    for ref, sent in lines.values_list("shipment__event__ref", "sent"):
        if one <= to_set(sent):
            return ref
    return ""
