"""Rules of the law about taking back: undo of a supply, error declarations."""

from __future__ import annotations

from .carry import carry_back
from .checks import (
    batch_of,
    party_of,
    record_of,
    refuse,
    verify_filled,
    verify_something,
)
from .effects import Effect, MarkCorrected, Reopen, Settle
from .event import CustodyEvent
from .making import take_out
from .state import (
    IN_TRANSIT,
    EventRecord,
    Move,
    S,
    State,
)

UNDO_DAYS = 10  # Delegated Regulation (EU) 2016/161, article 13
_DAY_MS = 86_400_000
_REVERSIBLE = frozenset(
    {
        "shipping",
        "returning",
        "recall shipping",
        "receiving",
        "packing",
        "ending",
        "supplying",
        "supplying a part",
    }
)


def undo_supply(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The same site takes back a supply that did not happen, within ten days."""
    party_of(state, event)
    verify_something(event)
    verify_filled(state, event)
    record = record_of(state, event)
    if not record.rule.startswith("supplying"):
        raise refuse("not_a_supply", event, got=record.rule, wanted="a supply")
    effects: list[Effect[S]] = []
    for tag, units in event.units.items():
        effects += _reverse(state, event, record, tag, units)
    _verify_last(state, event, record)
    _verify_undoable(state, event, record, accepted_ms)
    return effects


def _verify_undoable(
    state: State[S], event: CustodyEvent[S], record: EventRecord[S], accepted_ms: int
) -> None:
    """A supply ends well only where it happened, soon, and with sound goods."""
    if (record.by, record.site) != (event.by, event.site):
        wanted = record.site if record.by == event.by else "the site that supplied"
        raise refuse("another_site", event, got=event.site, wanted=wanted)
    if accepted_ms - record.accepted_ms > UNDO_DAYS * _DAY_MS:
        raise refuse("too_late", event, wanted=f"within {UNDO_DAYS} days")
    for tag, units in event.units.items():
        batch = batch_of(state, event, tag)
        if len(batch.recalled & units):
            raise refuse("recalled", event, got=f"lot {batch.lot}", wanted="no recall")
        if batch.is_expired(accepted_ms):
            raise refuse("expired", event, got=batch.expiry_date.isoformat())


def correct(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """Who said it takes it back, as long as nothing has happened since.

    A supply that is taken back under any word is undone, so as an undo may be; a
    packing is unpacked, as far as its children are still where it put them.
    """
    party_of(state, event)
    record = record_of(state, event)
    if record.by != event.by:
        raise refuse("not_your_event", event, got=event.by, wanted="who said it")
    if record.rule not in _REVERSIBLE:
        raise refuse(
            "not_reversible", event, got=record.rule, wanted="a new event that mends it"
        )
    if record.rule == "packing":
        effects = _take_out_again(state, event, record)
        _verify_last(state, event, record)
        return [*effects, MarkCorrected(record.ref)]
    verify_something(event)
    verify_filled(state, event)
    effects = []
    for tag, units in event.units.items():
        effects += _reverse(state, event, record, tag, units)
    _verify_last(state, event, record)
    if record.rule.startswith("supplying"):
        _verify_undoable(state, event, record, accepted_ms)
    effects += _restore_shipment(state, event, record)
    effects += _restore_containers(state, event, record)
    return [*effects, MarkCorrected(record.ref)]


def _verify_last(
    state: State[S], event: CustodyEvent[S], record: EventRecord[S]
) -> None:
    for tag, later in state.later.get(record.ref, {}).items():
        if tag in event.units and len(later & event.units[tag]):
            raise refuse(
                "moved_since",
                event,
                got=f"{len(later & event.units[tag])} units that moved since",
                wanted="units whose last event is the one named",
            )


def _reverse(
    state: State[S],
    event: CustodyEvent[S],
    record: EventRecord[S],
    tag: str,
    units: S,
) -> list[Effect[S]]:
    """The moves of `record` for `units`, backwards."""
    effects: list[Effect[S]] = []
    rest = units
    for move in record.moves:
        if move.tag != tag or move.source is None:
            continue
        back = move.units & rest
        if not len(back):
            continue
        here = state.batches[tag].holdings.get(move.target)
        if here is None or len(back - here):
            raise refuse("moved_since", event, wanted="units still where it put them")
        effects.append(Move(tag, back, move.target, move.source))
        rest = rest - back
    if len(rest):
        raise refuse("not_in_event", event, wanted="units that the event named moved")
    return effects


def _restore_shipment(
    state: State[S], event: CustodyEvent[S], record: EventRecord[S]
) -> list[Effect[S]]:
    if record.ref in state.shipments:
        return [Settle(record.ref, tag, units) for tag, units in event.units.items()]
    if record.shipment:
        return [
            Reopen(record.shipment, tag, units) for tag, units in event.units.items()
        ]
    return []


def _restore_containers(
    state: State[S], event: CustodyEvent[S], record: EventRecord[S]
) -> list[Effect[S]]:
    for move in record.moves:
        if move.source is not None and IN_TRANSIT in (
            move.source.status,
            move.target.status,
        ):
            return carry_back(state, event.units, move.source, move.target)
    return []


def _take_out_again(
    state: State[S], event: CustodyEvent[S], record: EventRecord[S]
) -> list[Effect[S]]:
    if event.parent != record.parent:
        raise refuse("another_event", event, got=event.parent, wanted=record.parent)
    return take_out(state, event)
