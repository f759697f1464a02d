"""The rows of the law of custody, as data that prints as one table.

Source: DESIGN section 4; EPCIS 2.0 and CBV 2.0 words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .ending import (
    end,
    hold,
    hold_recalled,
    release,
    release_inspected,
    supply,
    supply_part,
)
from .event import CustodyEvent
from .handing import (
    receive,
    receive_return,
    ship,
    ship_recalled,
    ship_return,
    void_shipping,
)
from .making import commission_container, commission_units, pack, unpack
from .mending import correct, undo_supply
from .state import State


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the law; `who`, `only_if` and `then` are what a person reads."""

    name: str
    biz_step: str
    dispositions: tuple[str, ...]
    action: str
    decide: Callable[[State[Any], CustodyEvent[Any], int], list[Any]]
    who: str
    only_if: str
    then: str


RULES: tuple[Rule, ...] = (
    Rule(
        "commissioning",
        "commissioning",
        ("active",),
        "ADD",
        commission_units,
        "maker licensed for the GTIN prefix",
        "serials new in GTIN; root, base and N match; expiry ahead",
        "the maker holds the units",
    ),
    Rule(
        "opening a container",
        "commissioning",
        ("active",),
        "ADD",
        commission_container,
        "any licensed party, own prefix",
        "the number is new",
        "an empty container",
    ),
    Rule(
        "packing",
        "packing",
        ("in_progress",),
        "ADD",
        pack,
        "the holder",
        "children at the same party and site, in no other parent, not in transit",
        "the container names their set",
    ),
    Rule(
        "unpacking",
        "unpacking",
        ("in_progress",),
        "DELETE",
        unpack,
        "the holder",
        "children inside that parent",
        "they stand free",
    ),
    Rule(
        "shipping",
        "shipping",
        ("in_transit",),
        "OBSERVE",
        ship,
        "the holder, to a partner licensed then for that product",
        "outermost; not recalled, held or expired",
        "in transit; the sender answers for it",
    ),
    Rule(
        "returning",
        "shipping",
        ("returned",),
        "OBSERVE",
        ship_return,
        "the holder, to the former seller",
        "an RMA; parent is the sale",
        "in transit back",
    ),
    Rule(
        "recall shipping",
        "shipping",
        ("recalled",),
        "OBSERVE",
        ship_recalled,
        "the holder",
        "parent is an open recall that covers every unit; addressee is the former "
        "seller, the brand owner or the party named in it",
        "in transit; the flag stays",
    ),
    Rule(
        "ending",
        "shipping",
        ("in_transit",),
        "DELETE",
        end,
        "the holder",
        "export; not recalled, held or expired",
        "the serial ends",
    ),
    Rule(
        "receiving",
        "receiving",
        ("in_progress",),
        "OBSERVE",
        receive,
        "the addressee",
        "what that shipment listed, also in parts",
        "the receiver holds it; what did not come stays in transit",
    ),
    Rule(
        "receiving a return",
        "receiving",
        ("returned",),
        "OBSERVE",
        receive_return,
        "the former seller",
        "what that return listed",
        "held until its inspection",
    ),
    Rule(
        "voiding",
        "void_shipping",
        ("in_progress",),
        "OBSERVE",
        void_shipping,
        "the sender",
        "the part not received",
        "back at the sender",
    ),
    Rule(
        "supplying",
        "dispensing",
        ("dispensed",),
        "DELETE",
        supply,
        "pharmacy or hospital holding it",
        "in date; not recalled, held or supplied",
        "supplied",
    ),
    Rule(
        "supplying a part",
        "dispensing",
        ("partially_dispensed",),
        "OBSERVE",
        supply_part,
        "pharmacy or hospital holding it",
        "in date; not recalled, held or supplied",
        "opened; the rest stays",
    ),
    Rule(
        "ending",
        "decommissioning",
        ("inactive", "unavailable", "stolen"),
        "DELETE",
        end,
        "the holder; the sender for what did not arrive",
        "-",
        "the serial ends",
    ),
    Rule(
        "ending",
        "destroying",
        ("destroyed",),
        "DELETE",
        end,
        "the holder; the sender for what did not arrive",
        "-",
        "the serial ends",
    ),
    Rule(
        "ending",
        "sampling",
        ("inactive",),
        "DELETE",
        end,
        "the holder",
        "-",
        "the serial ends",
    ),
    Rule(
        "holding",
        "holding",
        ("non_sellable_other",),
        "OBSERVE",
        hold,
        "the holder",
        "-",
        "flag set",
    ),
    Rule(
        "holding",
        "holding",
        ("recalled",),
        "OBSERVE",
        hold_recalled,
        "brand owner or regulator",
        "-",
        "flag set, wherever the units are",
    ),
    Rule(
        "releasing",
        "storing",
        ("sellable_not_accessible", "in_progress"),
        "OBSERVE",
        release,
        "whoever set the flag",
        "persistentDisposition unset names the flag",
        "flag lifted",
    ),
    Rule(
        "releasing",
        "inspecting",
        ("sellable_not_accessible", "in_progress"),
        "OBSERVE",
        release_inspected,
        "who received the return",
        "the hold that its receipt has set",
        "flag lifted",
    ),
)
UNDO = Rule(
    "undoing a supply",
    "dispensing",
    ("dispensed", "partially_dispensed"),
    "",
    undo_supply,
    "same site",
    "did_not_occur; within 10 days; not since expired or recalled",
    "active again, loose",
)
CORRECT = Rule(
    "correcting",
    "",
    (),
    "",
    correct,
    "who said it",
    "the units' last move is the named one; a supply only as it may be undone",
    "a compensating move; history is never edited",
)
