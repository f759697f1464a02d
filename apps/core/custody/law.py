"""The law of custody: a table of rules, one function that judges by it.

    1. find the one row whose form, step, disposition and action are the event's;
    2. let its rule decide, on sets, from the state given and the clock given;
    3. return what follows, as data.

The law has a version; the genesis statement names the one in force and a replay
uses the law of its day. Source: DESIGN section 4; EPCIS 2.0 and CBV 2.0 words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import ForbiddenTransfer
from ..ordinals import UnitSet
from .checks import refuse
from .effects import Judgement, Settle, fold
from .ending import end, hold, release, supply, supply_part
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
from .state import S, State

LAW_VERSION = 1


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
        ("recalled", "non_sellable_other"),
        "OBSERVE",
        hold,
        "the holder; brand owner or regulator",
        "-",
        "flag set",
    ),
    Rule(
        "releasing",
        "storing",
        ("sellable_not_accessible", "in_progress"),
        "OBSERVE",
        release,
        "whoever set the flag",
        "persistentDisposition unset",
        "flag lifted",
    ),
    Rule(
        "releasing",
        "inspecting",
        ("sellable_not_accessible", "in_progress"),
        "OBSERVE",
        release,
        "the receiver of a return",
        "-",
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
    "the units' last event is the named one",
    "a compensating move; history is never edited",
)


def judge(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> Judgement[S]:
    """What follows from `event` in `state` at `accepted_ms`, or why nothing may.

    Raises:
        ForbiddenTransfer: the law refuses; code, rule, got and wanted say why.
        LedgerConflict: the event was built on ground that has moved.
    """
    rule = find_rule(event)
    effects = tuple(rule.decide(state, event, accepted_ms))
    settled = {e.shipment for e in effects if isinstance(e, Settle)}
    return Judgement(rule.name, effects, next(iter(settled), ""))


def apply(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> State[S]:
    """`state` after `event`; raises as `judge`, and then `state` is as it was."""
    return fold(state, event, judge(state, event, accepted_ms), accepted_ms)


def find_rule(event: CustodyEvent[S]) -> Rule:
    """The row of the law that the event's words name.

    Raises:
        ForbiddenTransfer: `no_such_rule`.
    """
    if event.error:
        is_supply = event.biz_step == UNDO.biz_step and event.error == "did_not_occur"
        return UNDO if is_supply else CORRECT
    for rule in RULES:
        if _matches(rule, event):
            return rule
    raise ForbiddenTransfer(
        "no_such_rule",
        rule=event.biz_step,
        got=f"{event.biz_step} / {event.disposition}, {event.action}",
        wanted="a row of the law of custody",
    )


def _matches(rule: Rule, event: CustodyEvent[S]) -> bool:
    if (rule.biz_step, rule.action) != (event.biz_step, event.action):
        return False
    if event.disposition not in rule.dispositions:
        return False
    if rule.decide in (commission_units, commission_container):
        return (rule.decide is commission_units) == (event.new_units is not None)
    wanted_form = "aggregation" if rule.decide in (pack, unpack) else "object"
    return event.form == wanted_form


def verify_answer(
    state: State[S], event: CustodyEvent[S], ever_held: dict[str, S]
) -> None:
    """A recall.answer speaks only of units that the party holds or held.

    Raises:
        ForbiddenTransfer: `never_held`.
    """
    for tag, units in event.units.items():
        held = ever_held.get(tag)
        if held is None or len(units - held):
            raise refuse("never_held", event, wanted="units that you hold or held")


__all__ = ["LAW_VERSION", "RULES", "Rule", "UnitSet", "apply", "find_rule", "judge"]
