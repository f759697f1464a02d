"""Wishes that name a lot or a whole shipment, expanded to things that have a code."""

from __future__ import annotations

from pyroaring import BitMap

from apps.core.custody import ACTIVE, Place
from apps.core.epcis import Epc, parse_epc
from apps.core.errors import MalformedInput
from apps.custody.queries.standing import Standing
from apps.custody.queries.wishes import LotWish


def expand_lot(lot: LotWish, standing: Standing, *, site: str, field: str) -> list[Epc]:
    """Outermost containers and loose packs of a lot that the party has at `site`.

    With a count only loose packs are taken, lowest ordinals first.

    Raises:
        MalformedInput: `unknown_batch`, or `too_few` loose packs there.
    """
    here = Place(standing.by, site, ACTIVE)
    batch = standing.find_batch(lot.gtin, lot.lot)
    units = batch.holdings.get(here) if batch else None
    if batch is None or not units:
        raise MalformedInput(
            "unknown_batch",
            field=field,
            got=f"{lot.gtin} lot {lot.lot}",
            wanted="a lot that you hold at this site",
        )
    boxes, loose = _spread(batch.tag, units, standing)
    if lot.count:
        boxes, loose = [], _first(loose, lot, field)
    return [*map(parse_epc, boxes), *standing.packs(batch.tag, loose)]


def expand_shipment(ref: str, standing: Standing) -> list[Epc]:
    """What of a shipment is still under way: outermost containers and loose packs."""
    epcs: dict[Epc, None] = {}
    lines = standing.state.shipments[ref].open
    for tag in sorted(lines, key=standing.ground.loaded.batch_ids.__getitem__):
        boxes, loose = _spread(tag, lines[tag], standing)
        for epc in (*map(parse_epc, boxes), *standing.packs(tag, loose)):
            epcs[epc] = None
    return list(epcs)


def _spread(tag: str, units: BitMap, standing: Standing) -> tuple[list[str], BitMap]:
    """EPCs of the outermost containers around some units, and the units in none."""
    inside = {
        epc: box.units[tag]
        for epc, box in standing.state.containers.items()
        if box.parent is None and tag in box.units and units.intersect(box.units[tag])
    }
    loose = units - BitMap.union(*inside.values()) if inside else units
    return sorted(inside), loose


def _first(loose: BitMap, lot: LotWish, field: str) -> BitMap:
    if len(loose) < lot.count:
        raise MalformedInput(
            "too_few",
            field=field,
            got=f"{len(loose)} loose packs",
            wanted=f"{lot.count} of lot {lot.lot}",
        )
    return loose[: lot.count]
