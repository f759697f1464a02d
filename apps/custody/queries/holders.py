"""Who holds a batch now: counts by place, stock of a partner, sets for a recall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import connection
from django.db.models import Sum
from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.custody.models import Holding, RecallScope
from apps.custody.queries.attached import verify_attached_lots
from apps.edge.reading import AMONG, among, fetch_rows

_PLACES: Final = (
    "SELECT holder, site, status, units FROM custody_holding"
    " WHERE batch_id = %s AND count > 0 ORDER BY holder, site, status"
)


@dataclass(frozen=True, slots=True)
class Held:
    """Units of one batch at one place."""

    batch_id: int
    gtin: str
    product: str
    lot: str
    expiry_date: date
    holder: str
    site: str
    status: str
    count: int


@dataclass(frozen=True, slots=True)
class Share:
    """A holder's part of a set of units, with the units themselves."""

    batch_id: int
    holder: str
    site: str
    status: str
    units: BitMap


def holders(*, batch_id: int) -> list[Held]:
    """Where the units of a batch are, most first."""
    rows = Holding.objects.filter(batch_id=batch_id, count__gt=0).order_by("-count")
    return [_held(row) for row in rows.select_related("batch__product")]


def stock(*, gln: str, statuses: Iterable[str] = ("active",)) -> list[Held]:
    """What a partner holds in the given statuses, soonest expiry first."""
    rows = Holding.objects.filter(holder=gln, status__in=list(statuses), count__gt=0)
    rows = rows.order_by("batch__expiry_date", "batch__product__name", "batch__lot")
    return [_held(row) for row in rows.select_related("batch__product")]


def _held(row: Holding) -> Held:
    batch = row.batch
    return Held(
        batch_id=batch.pk,
        gtin=batch.product.gtin,
        product=str(batch.product),
        lot=batch.lot,
        expiry_date=batch.expiry_date,
        holder=row.holder,
        site=row.site,
        status=row.status,
        count=row.count,
    )


def shares(*, batch_id: int, units: BitMap) -> list[Share]:
    """How a set of units of a batch is spread over places now."""
    found = []
    for holder, site, status, stored in fetch_rows(_PLACES, [batch_id]):
        part = to_set(stored)
        part &= units
        if part:
            found.append(Share(batch_id, holder, site, status, part))
    return found


def held_by(*, batch_ids: Iterable[int], gln: str) -> list[Share]:
    """What a partner has of several batches now; one question."""
    rows = Holding.objects.filter(batch_id__in=list(batch_ids), holder=gln, count__gt=0)
    return [
        Share(row.batch_id, row.holder, row.site, row.status, to_set(row.units))
        for row in rows
    ]


def ever_held(*, batch_id: int, gln: str) -> BitMap:
    """Every unit of a batch that a partner holds or held."""
    found = ever_held_among(batch_ids=[batch_id], glns=[gln])
    return found.get(batch_id, BitMap())


def ever_held_among(
    *, batch_ids: Iterable[int], glns: Sequence[str]
) -> dict[int, BitMap]:
    """Every unit that one of some partners holds or held, by batch; one question.

    Batches of which none of them ever had a unit are absent.

    Raises:
        Unavailable: `part_detached`.
    """
    asked = list(batch_ids)
    marks = ", ".join(["%s"] * len(glns))
    sql = (
        f"SELECT batch_id, units FROM custody_eventline WHERE batch_id"  # noqa: S608
        f" {AMONG[connection.vendor]} AND target_holder IN ({marks})"  # marks of ours
    )
    sets: dict[int, list[BitMap]] = {}
    for batch_id, stored in fetch_rows(sql, [among(asked), *glns]) if glns else ():
        sets.setdefault(batch_id, []).append(to_set(stored))
    verify_attached_lots(set(asked) - sets.keys())
    return {batch_id: BitMap.union(*found) for batch_id, found in sets.items()}


def recalled_batch_ids() -> set[int]:
    """Batches with units in an open recall."""
    return set(RecallScope.objects.values_list("batch_id", flat=True))


def count_by_status(*, batch_id: int) -> dict[str, int]:
    """Units of a batch by status; their sum is what was commissioned."""
    rows = Holding.objects.filter(batch_id=batch_id).values("status")
    totals = rows.annotate(total=Sum("count")).values_list("status", "total")
    return {status: total for status, total in totals if total}
