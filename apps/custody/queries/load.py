"""The state of custody in memory, as far as it was read, and how more of it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from apps.catalog.models import Batch as BatchRow
from apps.core.bodies import Genesis
from apps.core.custody import Batch, Place, State
from apps.custody.formats import read_vector, rows_at, to_set, within
from apps.custody.models import ForwardChunk, Holding


@dataclass(slots=True)
class Loaded:
    """The state for the law, and which row stands behind which tag."""

    state: State[BitMap] = field(default_factory=State)
    batch_ids: dict[str, int] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)


def regulators_of(genesis: Genesis) -> frozenset[str]:
    """The parties that the law knows as regulators.

    A brand authority admits and licenses partners; of goods it has no more to say
    than anybody else.
    """
    return frozenset(
        each.gln for each in genesis.authorities if each.role == "regulator"
    )


def load_batches(loaded: Loaded, batch_ids: Iterable[int]) -> None:
    """Read what is known of batches: product, lot, size, expiry date."""
    rows = BatchRow.objects.filter(pk__in=set(batch_ids)).order_by("pk")
    for row in rows.select_related("product__brand_owner"):
        name = bytes(row.tag).hex()
        loaded.batch_ids[name] = row.pk
        loaded.tags[row.pk] = name
        loaded.state.batches[name] = Batch(
            tag=name,
            gtin=row.product.gtin,
            lot=row.lot,
            expiry_date=row.expiry_date,
            brand_owner=row.product.brand_owner.gln,
            size=row.size,
            holdings={},
            recalled=BitMap(),
        )


def explain_missing(loaded: Loaded, units: Mapping[str, BitMap]) -> None:
    """Read where a unit is that no loaded holding has, so that a refusal can say it."""
    for tag, wanted in units.items():
        missing = wanted.copy()
        for there in loaded.state.batches[tag].holdings.values():
            missing -= there
        if missing:
            batch_id = loaded.batch_ids[tag]
            for row in holdings_at(batch_id=batch_id, ordinal=missing.min()):
                place = Place(row.holder, row.site, row.status)
                loaded.state.batches[tag].holdings[place] = to_set(row.units)


def holdings_at(*, batch_id: int, ordinal: int) -> QuerySet[Holding]:
    """The holding in which one unit is now: one row, or none."""
    number = ordinal // 1_024
    stored = (
        ForwardChunk.objects.filter(batch_id=batch_id, chunk_no=number)
        .values_list("holdings", flat=True)
        .first()
    )
    if stored is None:
        return Holding.objects.none()
    rows = rows_at(read_vector(stored), within(BitMap([ordinal]), number))
    return Holding.objects.filter(Q(pk__in=rows), batch_id=batch_id)
