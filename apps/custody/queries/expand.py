"""Wishes that name a lot or a whole shipment, expanded to things that have a code."""

from __future__ import annotations

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.core.epcis import Epc, PackEpc, parse_epc
from apps.core.errors import MalformedInput
from apps.custody.formats import to_set
from apps.custody.models import Container, Holding, ShipmentLine
from apps.custody.queries.containers import innermost_of, load_trees, units_of
from apps.custody.queries.registry import serials_of
from apps.custody.queries.wishes import LotWish


def expand_lot(lot: LotWish, *, holder: str, site: str, field: str) -> list[Epc]:
    """Outermost containers and loose packs of a lot that `holder` has at `site`.

    With a count only loose packs are taken, lowest ordinals first.

    Raises:
        MalformedInput: `unknown_batch`, or `too_few` loose packs there.
    """
    batch = catalog.find_batch(gtin=lot.gtin, lot=lot.lot)
    row = None
    if batch is not None:
        row = Holding.objects.filter(
            batch=batch, holder=holder, site=site, status="active"
        ).first()
    if batch is None or row is None or not row.count:
        raise MalformedInput(
            "unknown_batch",
            field=field,
            got=f"{lot.gtin} lot {lot.lot}",
            wanted="a lot that you hold at this site",
        )
    boxes, loose = _spread(batch.pk, to_set(row.units))
    if lot.count:
        boxes, loose = [], _first(loose, lot, field)
    return [*boxes, *_packs(batch.pk, lot.gtin, loose)]


def expand_shipment(*, ref: str) -> list[Epc]:
    """What of a shipment is still under way: outermost containers and loose packs."""
    epcs: dict[Epc, None] = {}
    lines = ShipmentLine.objects.filter(shipment__event__ref=ref, open_count__gt=0)
    for line in lines.select_related("batch__product").order_by("batch_id"):
        boxes, loose = _spread(line.batch_id, to_set(line.open_units))
        gtin = line.batch.product.gtin
        for epc in (*boxes, *_packs(line.batch_id, gtin, loose)):
            epcs[epc] = None
    return list(epcs)


def _spread(batch_id: int, units: BitMap) -> tuple[list[Epc], BitMap]:
    """The outermost containers around some of the units, and the units in none."""
    trees = load_trees(container_ids=innermost_of(batch_id=batch_id, units=units))
    boxes = [row for row in trees.rows.values() if row.parent_id is None]
    inside = BitMap()
    for content in units_of(row.pk for row in boxes).values():
        inside |= content.get(batch_id, BitMap())
    ordered: list[Container] = sorted(boxes, key=lambda row: row.epc)
    return [parse_epc(row.epc) for row in ordered], units - inside


def _first(loose: BitMap, lot: LotWish, field: str) -> BitMap:
    if len(loose) < lot.count:
        raise MalformedInput(
            "too_few",
            field=field,
            got=f"{len(loose)} loose packs",
            wanted=f"{lot.count} of lot {lot.lot}",
        )
    return loose[: lot.count]


def _packs(batch_id: int, gtin: str, units: BitMap) -> list[Epc]:
    serials = serials_of(batch_id=batch_id, ordinals=units)
    return [PackEpc(gtin, serial) for serial in serials.values()]
