"""An EPCIS event in the words that custody needs: steps, parties, names of things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ..epcis import AGGREGATION, Epc, EpcisEvent, PackEpc, SsccEpc
from ..errors import MalformedInput

Pack = tuple[str, str]  # GTIN of 14 digits, serial
_HANDS_OVER: Final = frozenset({"shipping", "receiving"})


@dataclass(frozen=True, slots=True)
class Lot:
    """A quantity of a lot, as commissioning names it."""

    gtin: str
    lot: str
    quantity: int
    expiry_date: date


@dataclass(frozen=True, slots=True)
class Said:
    """What one event says."""

    form: str  # object, aggregation
    action: str
    biz_step: str
    disposition: str
    event_time_ms: int
    site: str
    packs: tuple[Pack, ...]
    sscc: tuple[str, ...]
    parent: str
    source: str
    destination: str
    destination_site: str
    has_rma: bool
    lifts: tuple[str, ...]
    is_inferred: bool
    error: str
    lot: Lot | None
    documents: tuple[Mapping[str, str], ...]

    def epc_of(self, pack: Pack) -> str:
        """The name under which the event lists a serialised trade item."""
        return PackEpc(*pack).uri

    @property
    def takes_all_out(self) -> bool:
        """An unpacking without a list of children means all of them."""
        return self.biz_step == "unpacking" and not (self.packs or self.sscc)


def said_of(event: EpcisEvent) -> Said:
    """What an event that was read says."""
    is_aggregation = event.type == AGGREGATION
    things: tuple[Epc, ...] = event.children if is_aggregation else event.epcs
    packs = [(epc.gtin, epc.serial) for epc in things if isinstance(epc, PackEpc)]
    _verify_counted(event)
    # Only a hand-over has two sides; elsewhere such a field would name a stranger.
    is_handed = event.biz_step in _HANDS_OVER
    return Said(
        form="aggregation" if is_aggregation else "object",
        action=event.action,
        biz_step=event.biz_step,
        disposition=event.disposition,
        event_time_ms=event.event_time_ms,
        site=event.read_point.gln,
        packs=tuple(packs),
        sscc=tuple(epc.uri for epc in things if isinstance(epc, SsccEpc)),
        parent=event.parent.uri if event.parent else "",
        source=event.source.gln if is_handed else "",
        destination=event.destination.gln if is_handed else "",
        destination_site=event.destination.site if is_handed else "",
        has_rma=event.has_rma,
        lifts=event.persistent_unset,
        is_inferred="completeness_inferred" in event.persistent_set,
        error=event.error.reason if event.error else "",
        lot=_lot(event),
        documents=tuple(
            {"type": each.type, "id": each.id} for each in event.biz_transactions
        ),
    )


def _verify_counted(event: EpcisEvent) -> None:
    """Goods are named one by one: a number beside them would claim what never moves.

    Raises:
        MalformedInput: `not_supported_by_law`.
    """
    begins = event.biz_step == "commissioning" and event.action == "ADD"
    if event.quantities and (event.epcs or not begins):
        raise MalformedInput(
            "not_supported_by_law",
            field="quantityList",
            got="counted goods",
            wanted="EPCs alone",
        )
    if event.child_quantities:
        raise MalformedInput(
            "not_supported_by_law",
            field="childQuantityList",
            got="counted goods",
            wanted="EPCs alone",
        )


def _lot(event: EpcisEvent) -> Lot | None:
    if event.biz_step != "commissioning" or not event.quantities or not event.ilmd:
        return None
    (quantity,) = event.quantities
    return Lot(
        gtin=quantity.lot_class.gtin,
        lot=quantity.lot_class.lot,
        quantity=quantity.quantity or 0,
        expiry_date=event.ilmd.expiry_date,
    )
