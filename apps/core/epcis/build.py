"""The events of our law, one function each; what is built reads back.

`Occasion` says when and where; the GLN of the place is the read point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from .epc import Epc, Location, LotClass
from .event import BizTransaction, EpcisEvent, ErrorDeclaration, Ilmd, LotQuantity
from .parts import (
    Handover,
    Occasion,
    Units,
    aggregation_event,
    checked,
    ends,
    handed_event,
    object_event,
)

EVERYTHING: Final = Units()
RECALLED: Final = "recalled"
NON_SELLABLE: Final = "non_sellable_other"


def commission_lot(
    occasion: Occasion, *, gtin: str, lot: str, expiry_date: date, size: int
) -> EpcisEvent:
    """`size` units of a lot begin; their serials stand under the statement's root."""
    return object_event(
        occasion,
        ("ADD", "commissioning", "active"),
        Units(quantities=[LotQuantity(LotClass(gtin, lot), size)]),
        ilmd=Ilmd(lot, expiry_date),
        biz_location=Location(occasion.site),
    )


def commission_container(occasion: Occasion, *, container: Epc) -> EpcisEvent:
    """An empty container begins."""
    return object_event(
        occasion,
        ("ADD", "commissioning", "active"),
        Units([container]),
        biz_location=Location(occasion.site),
    )


def pack(occasion: Occasion, *, container: Epc, children: Units) -> EpcisEvent:
    """Children go into a container."""
    return aggregation_event(occasion, ("ADD", "packing"), container, children)


def unpack(
    occasion: Occasion, *, container: Epc, children: Units = EVERYTHING
) -> EpcisEvent:
    """Children come out of a container; without children all of them."""
    return aggregation_event(occasion, ("DELETE", "unpacking"), container, children)


def ship(occasion: Occasion, *, units: Units, handover: Handover) -> EpcisEvent:
    """Goods leave for a partner."""
    return handed_event(
        occasion, ("OBSERVE", "shipping", "in_transit"), units, handover
    )


def receive(
    occasion: Occasion,
    *,
    units: Units,
    handover: Handover,
    is_inferred: bool = False,
) -> EpcisEvent:
    """Goods arrive; `is_inferred`: what is inside was not scanned."""
    event = handed_event(
        occasion, ("OBSERVE", "receiving", "in_progress"), units, handover, arrives=True
    )
    if not is_inferred:
        return event
    return checked(replace(event, persistent_set=("completeness_inferred",)))


def void_shipping(
    occasion: Occasion, *, units: Units, documents: Sequence[BizTransaction] = ()
) -> EpcisEvent:
    """Goods that did not leave, or did not arrive, are the sender's again."""
    return object_event(
        occasion,
        ("OBSERVE", "void_shipping", "in_progress"),
        units,
        biz_location=Location(occasion.site),
        biz_transactions=tuple(documents),
    )


def dispense(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """Whole packs are supplied."""
    return object_event(occasion, ("DELETE", "dispensing", "dispensed"), units)


def dispense_part(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """Packs are opened and supplied in part."""
    return object_event(
        occasion,
        ("OBSERVE", "dispensing", "partially_dispensed"),
        units,
        biz_location=Location(occasion.site),
    )


def decommission(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """The serials end; the things may live on."""
    return object_event(occasion, ("DELETE", "decommissioning", "inactive"), units)


def lose(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """The units cannot be found."""
    return object_event(occasion, ("DELETE", "decommissioning", "unavailable"), units)


def report_stolen(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """The units were stolen."""
    return object_event(occasion, ("DELETE", "decommissioning", "stolen"), units)


def destroy(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """The units are destroyed."""
    return object_event(occasion, ("DELETE", "destroying", "destroyed"), units)


def sample(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """The units are taken as samples."""
    return object_event(occasion, ("DELETE", "sampling", "inactive"), units)


def export(
    occasion: Occasion,
    *,
    units: Units,
    source: str,
    documents: Sequence[BizTransaction] = (),
) -> EpcisEvent:
    """Goods leave the traced world; `source` is the GLN of the party that sends."""
    return object_event(
        occasion,
        ("DELETE", "shipping", "in_transit"),
        units,
        biz_transactions=tuple(documents),
        source=ends(source, occasion.site, owns=True),
    )


def ship_return(occasion: Occasion, *, units: Units, handover: Handover) -> EpcisEvent:
    """Goods go back to their former seller; the hand-over's documents hold the RMA."""
    return handed_event(occasion, ("OBSERVE", "shipping", "returned"), units, handover)


def receive_return(
    occasion: Occasion, *, units: Units, handover: Handover
) -> EpcisEvent:
    """A return arrives, and is held until it is inspected."""
    return handed_event(
        occasion, ("OBSERVE", "receiving", "returned"), units, handover, arrives=True
    )


def ship_recalled(
    occasion: Occasion, *, units: Units, handover: Handover
) -> EpcisEvent:
    """Recalled goods go back."""
    return handed_event(occasion, ("OBSERVE", "shipping", RECALLED), units, handover)


def hold(
    occasion: Occasion, *, units: Units, disposition: str = NON_SELLABLE
) -> EpcisEvent:
    """The units may not move on; `disposition` is `NON_SELLABLE` or `RECALLED`."""
    return object_event(
        occasion,
        ("OBSERVE", "holding", disposition),
        units,
        biz_location=Location(occasion.site),
        persistent_set=(disposition,),
    )


def release(
    occasion: Occasion, *, units: Units, disposition: str = NON_SELLABLE
) -> EpcisEvent:
    """What `hold` said is lifted."""
    return object_event(
        occasion,
        ("OBSERVE", "storing", "sellable_not_accessible"),
        units,
        biz_location=Location(occasion.site),
        persistent_unset=(disposition,),
    )


def release_inspected(occasion: Occasion, *, units: Units) -> EpcisEvent:
    """A return was inspected and may be sold again."""
    return object_event(
        occasion,
        ("OBSERVE", "inspecting", "sellable_not_accessible"),
        units,
        biz_location=Location(occasion.site),
    )


def declare_error(
    event: EpcisEvent,
    *,
    declaration_time_ms: int,
    reason: str,
    corrective_event_ids: Sequence[str] = (),
) -> EpcisEvent:
    """`event` once more, withdrawn; undoing a supply is `did_not_occur`."""
    error = ErrorDeclaration(declaration_time_ms, reason, tuple(corrective_event_ids))
    return checked(replace(event, error=error))
