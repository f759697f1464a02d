"""The law of custody as far as one lot's events can show it.

Custody of units is judged whole: who may, holder, place, licence, recall, hold, expiry,
shipment, correction. Rules about containers are not, because events of other lots
change them: the units that an event names by a container are those that were signed,
so the law gets them one by one, and packing asks only that the packer holds them.
"""

from __future__ import annotations

from dataclasses import replace

from ..custody import CORRECT, CustodyEvent, Judgement, Place, State, find_rule, judge
from ..custody.checks import (
    party_of,
    record_of,
    refuse,
    verify_held_at,
    verify_something,
)
from ..custody.effects import MarkCorrected
from ..custody.making import pack, unpack
from ..custody.state import ACTIVE, S

PACKING, UNPACKING = "packing", "unpacking"


def judge_lot(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> Judgement[S]:
    """What follows from `event` for units named one by one, or why nothing may.

    Args:
        event: all its units as `loose`, no containers; an aggregation keeps `parent`.

    Raises:
        ForbiddenTransfer: the law refuses.
        LedgerConflict: the event was built on ground that had moved.
    """
    rule = find_rule(event)
    if rule.decide in (pack, unpack):
        _verify_packer(state, event)
        return Judgement(rule.name, ())
    if rule is CORRECT and record_of(state, event).rule == PACKING:
        return _correct_packing(state, event)
    return judge(state, replace(event, parent=""), accepted_ms)


def _verify_packer(state: State[S], event: CustodyEvent[S]) -> None:
    """Who packs or unpacks holds what it names, at that site."""
    party_of(state, event)
    verify_something(event)
    here = Place(event.by, event.site, ACTIVE)
    verify_held_at(state, event, here, event.units)


def _correct_packing(state: State[S], event: CustodyEvent[S]) -> Judgement[S]:
    """Who packed takes it back, word for word, while nothing has moved since."""
    party_of(state, event)
    record = record_of(state, event)
    if record.by != event.by:
        raise refuse("not_your_event", event, got=event.by, wanted="who said it")
    words = find_rule(replace(event, error=""))
    if (words.name, event.parent) != (PACKING, record.parent):
        raise refuse("another_event", event, got=event.parent, wanted=record.parent)
    for tag, later in state.later.get(record.ref, {}).items():
        if tag in event.units and len(later & event.units[tag]):
            raise refuse("moved_since", event, wanted="units still where it put them")
    return Judgement(CORRECT.name, (MarkCorrected(record.ref),))
