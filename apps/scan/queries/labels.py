"""Packs of a lot in the order of commissioning, for their maker to label."""

from __future__ import annotations

from dataclasses import dataclass

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.custody.queries.registry import serials_of
from apps.custody.queries.units import Unit, find_unit
from apps.partners.queries import Actor
from apps.scan.labels.pack import Pack


@dataclass(frozen=True, slots=True)
class LabelRun:
    """A stretch of a lot: `packs` start at ordinal `first`, counted from 0."""

    product: str
    gtin: str
    lot: str
    total: int
    first: int
    packs: tuple[Pack, ...]


def find_label_run(
    *, actor: Actor, gtin: str, lot: str, first: int, count: int
) -> LabelRun | None:
    """Up to `count` packs of the maker's own lot; None for anybody else's lot."""
    batch = catalog.find_batch(gtin=gtin, lot=lot)
    if batch is None or batch.product.brand_owner.gln != actor.gln:
        return None
    start = min(first, max(batch.size - 1, 0))
    stop = min(start + count, batch.size)
    serials = serials_of(batch_id=batch.pk, ordinals=range(start, stop))
    return LabelRun(
        product=str(batch.product),
        gtin=gtin,
        lot=lot,
        total=batch.size,
        first=start,
        packs=tuple(_pack(batch, serial) for serial in serials.values()),
    )


def _pack(batch: Batch, serial: str) -> Pack:
    return Pack(
        product=str(batch.product),
        gtin=batch.product.gtin,
        lot=batch.lot,
        serial=serial,
        expiry_date=batch.expiry_date,
    )


def find_own_unit(*, actor: Actor, gtin: str, serial: str) -> Pack | None:
    """One pack of the maker's own; None for a foreign or an unknown one."""
    product = catalog.find_product(gtin)
    if product is None or product.brand_owner.gln != actor.gln:
        return None
    unit: Unit | None = find_unit(gtin=gtin, serial=serial)
    if unit is None:
        return None
    return Pack(str(product), gtin, unit.lot, serial, unit.expiry_date)
