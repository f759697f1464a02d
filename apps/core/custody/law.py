"""The law of custody: one function that judges an event by the table of rules.

    1. find the one row whose form, step, disposition and action are the event's;
    2. containers of strangers are as unknown as those that never were;
    3. let its rule decide, on sets, from the state given and the clock given;
    4. return what follows, as data.

The law has a version, which the genesis statement names. `LAWS` is the whole history:
version 1 is the only one so far. A change adds a version beside the old ones, with a
statement that says from where on it is in force; no row of an old one ever changes,
since a replay must accept what was accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import ForbiddenTransfer, MalformedInput
from .checks import record_of, refuse, verify_nameable
from .effects import Judgement, Settle, fold
from .event import CustodyEvent
from .making import commission_container, commission_units, pack, unpack
from .rules import CORRECT, RULES, UNDO, Rule
from .state import S, State

LAW_VERSION: Final = 1  # what the genesis of a new ledger names
LAWS: Final[Mapping[int, tuple[Rule, ...]]] = {1: RULES}


def verify_law(version: int) -> None:
    """Check that `version` is a law that can be judged by.

    Raises:
        MalformedInput: `unknown_law`: judging by another would decide otherwise.
    """
    if version not in LAWS:
        raise MalformedInput(
            "unknown_law",
            field="law_version",
            got=version,
            wanted=" or ".join(map(str, sorted(LAWS))),
        )


def judge(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> Judgement[S]:
    """What follows from `event` in `state` at `accepted_ms`, or why nothing may.

    Raises:
        ForbiddenTransfer: the law refuses; code, rule, got and wanted say why.
        LedgerConflict: the event was built on ground that has moved.
    """
    rule = find_rule(event)
    if rule.decide is not commission_container:
        verify_nameable(state, event)
    effects = tuple(rule.decide(state, event, accepted_ms))
    if event.error:
        _verify_same_words(state, event)
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
    return _rule_of_words(event)


def _rule_of_words(event: CustodyEvent[S]) -> Rule:
    for rule in LAWS[LAW_VERSION]:
        if _matches(rule, event):
            return rule
    raise ForbiddenTransfer(
        "no_such_rule",
        rule=event.biz_step,
        got=f"{event.biz_step} / {event.disposition}, {event.action}",
        wanted="a row of the law of custody",
    )


def _verify_same_words(state: State[S], event: CustodyEvent[S]) -> None:
    """An error declaration repeats the event that it takes back (EPCIS 2.0, 7.4.1.2)."""
    named, record = _rule_of_words(event), record_of(state, event)
    if named.name != record.rule:
        raise refuse("another_event", event, got=named.name, wanted=record.rule)


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
