"""Goods under way: what was announced, what has come, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from apps.catalog.models import Batch
from apps.core.epcis import PackEpc
from apps.custody.formats import to_set
from apps.custody.models import (
    Container,
    ContainerLine,
    Event,
    Shipment,
    ShipmentLine,
)
from apps.custody.queries.containers import innermost_of, load_trees, place_of
from apps.custody.queries.registry import serials_of


@dataclass(frozen=True, slots=True)
class ListedLot:
    """One batch on a despatch list."""

    gtin: str
    product: str
    lot: str
    expiry_date: date
    sent: int
    open: int


@dataclass(frozen=True, slots=True)
class Despatch:
    """A shipment as both sides see it."""

    ref: str
    sender: str
    sender_site: str
    addressee: str
    addressee_site: str
    purpose: str
    accepted_ms: int
    is_open: bool
    documents: tuple[Mapping[str, str], ...]
    lots: tuple[ListedLot, ...]

    @property
    def open_count(self) -> int:
        """Packs still under way."""
        return sum(lot.open for lot in self.lots)

    @property
    def sent_count(self) -> int:
        """Packs that were sent."""
        return sum(lot.sent for lot in self.lots)


@dataclass(frozen=True, slots=True)
class ListedItem:
    """Something that can be ticked off a despatch list: a container or a loose pack.

    GTIN and lot of a container are those of its packs, "" where it mixes several.
    """

    epc: str
    kind: str  # container, pack
    parent: str
    gtin: str
    lot: str
    serial: str
    count: int


def incoming(*, gln: str) -> list[Despatch]:
    """Open shipments to a partner, the oldest first."""
    rows = Shipment.objects.filter(addressee=gln, is_open=True)
    return [_despatch(row) for row in _with_lines(rows.order_by("event_id"))]


def outgoing(*, gln: str, limit: int = 50) -> list[Despatch]:
    """A partner's shipments, open ones first, then the latest."""
    rows = Shipment.objects.filter(sender=gln).order_by("-is_open", "-event_id")[:limit]
    return [_despatch(row) for row in _with_lines(rows)]


def despatches(rows: QuerySet[Shipment]) -> list[Despatch]:
    """These shipments with their lots, in their order, in a few queries."""
    return [_despatch(row) for row in _with_lines(rows)]


def find_despatch(*, ref: str, gln: str, sees_all: bool = False) -> Despatch | None:
    """The shipment, if the partner sends or receives it."""
    rows = Shipment.objects.filter(event__ref=ref)
    if not sees_all:
        rows = rows.filter(Q(sender=gln) | Q(addressee=gln))
    row = _with_lines(rows).first()
    return None if row is None else _despatch(row)


def is_addressee(*, statement_id: str, gln: str) -> bool:
    """Whether a statement of one event sends goods to the partner.

    A file of events may speak to several partners and is shown to none of them.
    """
    return Event.objects.filter(ref=statement_id, counterparty=gln).exists()


def _with_lines(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    return rows.select_related("event").prefetch_related("lines__batch__product")


def _despatch(row: Shipment) -> Despatch:
    return Despatch(
        ref=row.event.ref,
        sender=row.sender,
        sender_site=row.sender_site,
        addressee=row.addressee,
        addressee_site=row.addressee_site,
        purpose=row.purpose,
        accepted_ms=row.event.accepted_ms,
        is_open=row.is_open,
        documents=tuple(row.documents),
        lots=tuple(_lot(line) for line in row.lines.all()),
    )


def _lot(line: ShipmentLine) -> ListedLot:
    batch = line.batch
    return ListedLot(
        gtin=batch.product.gtin,
        product=str(batch.product),
        lot=batch.lot,
        expiry_date=batch.expiry_date,
        sent=line.sent_count,
        open=line.open_count,
    )


def open_items(*, ref: str) -> list[ListedItem]:
    """What is still under way, outermost first: containers, their inner ones, packs.

    A pack inside a container is not listed; scanning it finds its container.
    """
    lines = list(
        ShipmentLine.objects.filter(
            shipment__event__ref=ref, open_count__gt=0
        ).select_related("batch__product")
    )
    inside: set[int] = set()
    for line in lines:
        inside |= innermost_of(batch_id=line.batch_id, units=to_set(line.open_units))
    trees = load_trees(container_ids=inside)
    batches = {line.batch_id: line.batch for line in lines}
    items = [
        _box(row, trees.units.get(key, {}), batches)
        for key, row in sorted(trees.rows.items(), key=lambda pair: pair[1].epc)
        if place_of(row).status == "in_transit"
    ]
    items.sort(key=lambda item: (item.parent != "", item.parent, item.epc))
    return items + [pack for line in lines for pack in _loose(line)]


def _box(
    row: Container,
    contents: Mapping[int, BitMap],
    batches: Mapping[int, Batch],
) -> ListedItem:
    only = batches.get(next(iter(contents))) if len(contents) == 1 else None
    return ListedItem(
        epc=row.epc,
        kind="container",
        parent=row.parent.epc if row.parent else "",
        gtin=only.product.gtin if only else "",
        lot=only.lot if only else "",
        serial="",
        count=sum(len(units) for units in contents.values()),
    )


def _loose(line: ShipmentLine) -> list[ListedItem]:
    units = to_set(line.open_units)
    boxes = ContainerLine.objects.filter(  # outermost ones, with all inside
        batch_id=line.batch_id, container__status="in_transit"
    )
    for stored in boxes.values_list("units", flat=True):
        units -= to_set(stored)
    gtin = line.batch.product.gtin
    serials = serials_of(batch_id=line.batch_id, ordinals=units)
    return [
        ListedItem(
            epc=PackEpc(gtin, serial).uri,
            kind="pack",
            parent="",
            gtin=gtin,
            lot=line.batch.lot,
            serial=serial,
            count=1,
        )
        for serial in serials.values()
    ]


def is_under_way(*, ref: str, batch_id: int, ordinal: int) -> bool:
    """Whether one unit is still under way with this despatch."""
    lines = ShipmentLine.objects.filter(shipment__event__ref=ref, batch_id=batch_id)
    stored = lines.values_list("open_units", flat=True).first()
    return stored is not None and ordinal in to_set(stored)
