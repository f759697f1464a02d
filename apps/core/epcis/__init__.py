"""EPCIS 2.0 events of our law: read (`parse_event`), written, built."""

from .epc import (
    Epc,
    Location,
    LotClass,
    PackEpc,
    PartyLink,
    SsccEpc,
    parse_epc,
    parse_location,
    parse_lot_class,
    parse_party,
)
from .event import (
    AGGREGATION,
    OBJECT,
    BizTransaction,
    Ends,
    EpcisEvent,
    ErrorDeclaration,
    Ilmd,
    LotQuantity,
    event_json,
)
from .parse import parse_event

__all__ = [
    "AGGREGATION",
    "OBJECT",
    "BizTransaction",
    "Ends",
    "Epc",
    "EpcisEvent",
    "ErrorDeclaration",
    "Ilmd",
    "Location",
    "LotClass",
    "LotQuantity",
    "PackEpc",
    "PartyLink",
    "SsccEpc",
    "event_json",
    "parse_epc",
    "parse_event",
    "parse_location",
    "parse_lot_class",
    "parse_party",
]
