"""What wishes name, and what their lots and shipments stand for, before any is planned.

Wishes that come later may name what earlier ones make or move; so all names are looked
up at once, and what a lot or a shipment stands for is taken from the state then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Q
from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.core.custody import ACTIVE
from apps.core.custody.said import Pack, said_of
from apps.core.epcis import Epc, EpcisEvent, PackEpc
from apps.custody.formats import to_set, whole
from apps.custody.models import Holding, Shipment, ShipmentLine
from apps.custody.queries.containers import epcs_around
from apps.custody.queries.names import Names
from apps.custody.queries.registry import find_positions
from apps.custody.queries.said_before import said_before
from apps.custody.queries.sales import find_sales
from apps.custody.queries.wishes import Wish

Lot = tuple[str, str]  # GTIN, lot
_TAKES_BACK: Final = frozenset({"undo", "correct"})
_RECEIVES: Final = frozenset({"receive", "return_receive"})


@dataclass(slots=True)
class Wanted:
    """What some wishes of one party name.

    Args:
        said: earlier events that are taken back, by reference.
        documents: of the shipments named, by reference.
    """

    names: Names = field(default_factory=Names)
    said: dict[str, EpcisEvent] = field(default_factory=dict)
    documents: dict[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


def find_wanted(wishes: Sequence[Wish], *, by: str) -> Wanted:
    """Gather what the wishes name.

    Raises:
        MalformedInput: `unknown_event`: what is taken back, `by` never said.
    """
    wanted = Wanted()
    for wish in wishes:
        _add(wanted, wish, by)
    lots = _lots_of(wishes)
    wanted.names.batch_ids.update(batch.pk for batch in lots.values())
    wanted.names.parents.update(_sales_of(wishes, lots, by))
    for batch_id, units in _opened(wishes, wanted.names.batch_ids, by).items():
        wanted.names.boxes.update(epcs_around(batch_id=batch_id, units=units))
    if refs := {wish.shipment for wish in wishes if wish.step in _RECEIVES}:
        rows = Shipment.objects.filter(event__ref__in=refs)
        wanted.documents.update(rows.values_list("event__ref", "documents"))
    return wanted


def _add(wanted: Wanted, wish: Wish, by: str) -> None:
    names = wanted.names
    for epc in wish.items:
        _add_epc(names, epc)
    if wish.container is not None:
        _add_epc(names, wish.container)
        names.boxes.add(wish.container.uri)
    names.parents.update({*wish.parents, wish.shipment} - {""})
    names.addressees.update({wish.to} - {""})
    if wish.step == "recall_ship":
        names.sellers.update({wish.to} - {""})
    if wish.step in _TAKES_BACK and len(wish.parents) == 1:
        (ref,) = wish.parents
        wanted.said[ref] = said_before(ref, by=by)
        names.add(said_of(wanted.said[ref]), wish.parents)
        names.taken_back.add(ref)


def _add_epc(names: Names, epc: Epc) -> None:
    if isinstance(epc, PackEpc):
        names.packs.add((epc.gtin, epc.serial))
    else:
        names.boxes.add(epc.uri)


def _lots_of(wishes: Iterable[Wish]) -> dict[Lot, Batch]:
    named = {(lot.gtin, lot.lot) for wish in wishes for lot in wish.lots}
    batches = catalog.find_batches(named) if named else []
    return {(batch.product.gtin, batch.lot): batch for batch in batches}


def _opened(
    wishes: Sequence[Wish], batch_ids: Collection[int], by: str
) -> dict[int, BitMap]:
    """Units that lots, and shipments without their things, stand for now."""
    rows: list[tuple[int, bytes | memoryview]] = []
    if batch_ids:
        sites = {wish.site for wish in wishes if wish.lots}
        held = Holding.objects.filter(
            batch_id__in=batch_ids, holder=by, site__in=sites, status=ACTIVE
        )
        rows += held.values_list("batch_id", "units")
    if refs := {wish.shipment for wish in wishes if not wish.items} - {""}:
        is_theirs = Q(shipment__sender=by) | Q(shipment__addressee=by)
        lines = ShipmentLine.objects.filter(
            is_theirs, shipment__event__ref__in=refs, open_count__gt=0
        )
        rows += lines.values_list("batch_id", "open_units")
    found: dict[int, BitMap] = {}
    for batch_id, units in rows:
        found.setdefault(batch_id, BitMap()).update(to_set(units))
    return found


def _sales_of(
    wishes: Iterable[Wish], lots: Mapping[Lot, Batch], by: str
) -> Iterator[str]:
    """The sales of goods that go back without naming one: the first pack tells it."""
    packs: set[Pack] = set()
    units: dict[int, BitMap] = {}
    for wish in wishes:
        if wish.step != "return_ship" or wish.shipment:
            continue
        first = next((epc for epc in wish.items if isinstance(epc, PackEpc)), None)
        if first is not None:
            packs.add((first.gtin, first.serial))
            continue
        for lot in wish.lots:  # of which any may be the first
            if batch := lots.get((lot.gtin, lot.lot)):
                units[batch.pk] = whole(batch.size)
    for batch_id, ordinal in find_positions(packs).values():
        units.setdefault(batch_id, BitMap()).add(ordinal)
    for batch_id, sold in units.items():
        yield from find_sales(batch_id, sold, buyer=by)
