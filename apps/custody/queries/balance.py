"""What the last check of conservation found, for /health and for those it wakes."""

from __future__ import annotations

from datetime import datetime

from apps.catalog import queries as catalog
from apps.custody.models import ConservationRun, Imbalance
from apps.edge.health import Line


def conservation_line(at: datetime) -> Line:
    """The line on /health: unwell while packs of a batch are lost or doubled."""
    broken = Imbalance.objects.count()
    run = ConservationRun.objects.first()
    if run is None or run.finished_at is None:
        checked = "not checked yet"
    else:
        checked = f"{run.batches} lots checked {run.finished_at:%Y-%m-%d %H:%M} UTC"
    if not broken:
        return Line(is_well=True, detail=checked)
    return Line(is_well=False, detail=f"{broken} lots do not add up, {checked}")


def lot_of(batch_id: int) -> tuple[str, str, str]:
    """GTIN, lot and the brand owner's GLN of a batch."""
    batch = catalog.get_batch(batch_id)
    return batch.product.gtin, batch.lot, batch.product.brand_owner.gln
