"""One bare EPCIS 2.0 event of the forms our law knows, as a value.

Object and aggregation events, CBV words bare, EPCs as canonical Digital Links, times
in UTC. What the schema of GS1 lets pass and the standard does not is refused in
`rules`; whether the event may happen is the law's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias

from ..canonical import JsonValue
from ..encoding import format_time_ms
from .epc import Epc, Location, LotClass, PartyLink

OBJECT: Final = "ObjectEvent"
AGGREGATION: Final = "AggregationEvent"


@dataclass(frozen=True, slots=True)
class LotQuantity:
    """Some items of a lot, unnamed; `quantity` None is unknown."""

    lot_class: LotClass
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class BizTransaction:
    """A business document, such as `desadv` `urn:epcglobal:cbv:bt:{gln}:{number}`."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Ends:
    """One side of a hand-over; "" and None where the event does not say."""

    owning_party: PartyLink | None = None
    possessing_party: PartyLink | None = None
    location: Location | None = None

    @property
    def gln(self) -> str:
        """GLN of the party that possesses, "" if it is not named."""
        return "" if self.possessing_party is None else self.possessing_party.gln

    @property
    def site(self) -> str:
        """GLN of the place, "" if it is not named."""
        return "" if self.location is None else self.location.gln


@dataclass(frozen=True, slots=True)
class Ilmd:
    """What is said of a lot where it begins."""

    lot: str
    expiry_date: date
    extensions: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorDeclaration:
    """The event above it is withdrawn, and why."""

    declaration_time_ms: int
    reason: str
    corrective_event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EpcisEvent:
    """An event that was read; absent fields are "", empty or None.

    Args:
        type: `OBJECT` or `AGGREGATION`.
        event_time_ms: milliseconds since 1970.
        time_zone: the local offset that was in force, `+01:00`.
        read_point: where it happened; `read_point.gln` is the site.
        biz_location: where the things are afterwards.
        sensors: `sensorElementList` as it came.
        extensions: fields under the prefixes that we know, as they came.
    """

    type: str
    action: str
    biz_step: str
    disposition: str
    event_time_ms: int
    time_zone: str
    read_point: Location
    epcs: tuple[Epc, ...] = ()
    quantities: tuple[LotQuantity, ...] = ()
    parent: Epc | None = None
    children: tuple[Epc, ...] = ()
    child_quantities: tuple[LotQuantity, ...] = ()
    biz_location: Location | None = None
    biz_transactions: tuple[BizTransaction, ...] = ()
    source: Ends = Ends()
    destination: Ends = Ends()
    ilmd: Ilmd | None = None
    persistent_set: tuple[str, ...] = ()
    persistent_unset: tuple[str, ...] = ()
    error: ErrorDeclaration | None = None
    event_id: str = ""
    sensors: tuple[Mapping[str, JsonValue], ...] = ()
    extensions: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def has_rma(self) -> bool:
        """Whether a return is agreed: a business document of type `rma`."""
        return any(each.type == "rma" for each in self.biz_transactions)


_Members: TypeAlias = dict[str, JsonValue]


def event_json(event: EpcisEvent) -> _Members:
    """`event` as bare EPCIS 2.0 JSON, absent fields left out."""
    made: _Members = {
        "type": event.type,
        "action": event.action,
        "bizStep": event.biz_step,
        "eventTime": format_time_ms(event.event_time_ms),
        "eventTimeZoneOffset": event.time_zone,
        "readPoint": {"id": event.read_point.uri},
    }
    optional: _Members = {
        "disposition": event.disposition,
        "eventID": event.event_id,
        "bizLocation": {"id": event.biz_location.uri} if event.biz_location else None,
        "bizTransactionList": [
            {"type": each.type, "bizTransaction": each.id}
            for each in event.biz_transactions
        ],
        "sourceList": _ends_json(event.source, "source"),
        "destinationList": _ends_json(event.destination, "destination"),
        "persistentDisposition": _persistent_json(event),
        "sensorElementList": [dict(each) for each in event.sensors],
        "errorDeclaration": _error_json(event.error),
    }
    optional |= _what_json(event)
    made |= {name: value for name, value in optional.items() if value}
    return made | dict(event.extensions)


def _what_json(event: EpcisEvent) -> _Members:
    if event.type == AGGREGATION:
        return {
            "parentID": event.parent.uri if event.parent else None,
            "childEPCs": [epc.uri for epc in event.children],
            "childQuantityList": _quantities_json(event.child_quantities),
        }
    return {
        "epcList": [epc.uri for epc in event.epcs],
        "quantityList": _quantities_json(event.quantities),
        "ilmd": _ilmd_json(event.ilmd),
    }


def _quantities_json(quantities: tuple[LotQuantity, ...]) -> JsonValue:
    listed: list[JsonValue] = []
    for each in quantities:
        item: _Members = {"epcClass": each.lot_class.uri}
        if each.quantity is not None:
            item["quantity"] = each.quantity
        listed.append(item)
    return listed


def _ends_json(ends: Ends, name: str) -> JsonValue:
    sides = {
        "owning_party": ends.owning_party,
        "possessing_party": ends.possessing_party,
        "location": ends.location,
    }
    return [
        {"type": kind, name: link.uri}
        for kind, link in sides.items()
        if link is not None
    ]


def _ilmd_json(ilmd: Ilmd | None) -> JsonValue:
    if ilmd is None:
        return None
    return {
        "cbvmda:lotNumber": ilmd.lot,
        "cbvmda:itemExpirationDate": ilmd.expiry_date.isoformat(),
        **ilmd.extensions,
    }


def _persistent_json(event: EpcisEvent) -> JsonValue:
    sides = {"set": event.persistent_set, "unset": event.persistent_unset}
    return {name: list(words) for name, words in sides.items() if words}


def _error_json(error: ErrorDeclaration | None) -> JsonValue:
    if error is None:
        return None
    made: _Members = {
        "declarationTime": format_time_ms(error.declaration_time_ms),
        "reason": error.reason,
    }
    if error.corrective_event_ids:
        made["correctiveEventIDs"] = list(error.corrective_event_ids)
    return made
