"""What the last check of conservation found, for /health and for those it wakes."""

from __future__ import annotations

from datetime import datetime

from apps.catalog.models import Batch
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


def lots_of(batch_ids: list[int]) -> dict[int, tuple[str, str, str]]:
    """GTIN, lot and the brand owner's GLN of batches, by row."""
    rows = Batch.objects.filter(pk__in=batch_ids).values_list(
        "pk", "product__gtin", "lot", "product__brand_owner__gln"
    )
    return {pk: (gtin, lot, gln) for pk, gtin, lot, gln in rows}
