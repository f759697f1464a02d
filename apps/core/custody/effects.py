"""What a judged event changes, as data; and folding it into a state.

The server writes the same effects into its tables; a verifier folds them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic

from .event import CustodyEvent, NewUnits
from .state import (
    Batch,
    Container,
    EventRecord,
    HoldKey,
    Move,
    Place,
    S,
    Shipment,
    State,
)


@dataclass(frozen=True, slots=True)
class Commission(Generic[S]):
    """New units, held by their maker."""

    new: NewUnits[S]
    place: Place


@dataclass(frozen=True, slots=True)
class NewContainer:
    """An empty container."""

    epc: str
    place: Place


@dataclass(frozen=True, slots=True)
class PutIn(Generic[S]):
    """Units that are now inside a container."""

    epc: str
    tag: str
    units: S


@dataclass(frozen=True, slots=True)
class TakeOut(Generic[S]):
    """Units that are no longer inside a container."""

    epc: str
    tag: str
    units: S


@dataclass(frozen=True, slots=True)
class Nest:
    """A container's parent from now on; None stands it free."""

    epc: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Carry:
    """A container's place from now on."""

    epc: str
    place: Place


@dataclass(frozen=True, slots=True)
class Despatch(Generic[S]):
    """A shipment that is now under way."""

    shipment: Shipment[S]


@dataclass(frozen=True, slots=True)
class Settle(Generic[S]):
    """Units of a shipment that are open no more."""

    shipment: str
    tag: str
    units: S


@dataclass(frozen=True, slots=True)
class Reopen(Generic[S]):
    """Units of a shipment that are open again."""

    shipment: str
    tag: str
    units: S


@dataclass(frozen=True, slots=True)
class Hold(Generic[S]):
    """Units that are now on hold."""

    tag: str
    key: HoldKey
    units: S


@dataclass(frozen=True, slots=True)
class Lift(Generic[S]):
    """Units that this hold keeps no more; another's may."""

    tag: str
    key: HoldKey
    units: S


@dataclass(frozen=True, slots=True)
class MarkCorrected:
    """The event that an error declaration took back."""

    ref: str


Effect = (
    Commission[S]
    | NewContainer
    | Move[S]
    | PutIn[S]
    | TakeOut[S]
    | Nest
    | Carry
    | Despatch[S]
    | Settle[S]
    | Reopen[S]
    | Hold[S]
    | Lift[S]
    | MarkCorrected
)


@dataclass(frozen=True, slots=True)
class Judgement(Generic[S]):
    """The rule that allowed an event, and what follows from it."""

    rule: str
    effects: tuple[Effect[S], ...]
    shipment: str = ""

    @property
    def moves(self) -> tuple[Move[S], ...]:
        """The moves among the effects."""
        return tuple(effect for effect in self.effects if isinstance(effect, Move))


def fold(
    state: State[S], event: CustodyEvent[S], judgement: Judgement[S], accepted_ms: int
) -> State[S]:
    """`state` after `judgement`; the state given is changed and returned."""
    for effect in judgement.effects:
        _fold_one(state, effect)
    record = EventRecord(
        ref=event.ref,
        rule=judgement.rule,
        by=event.by,
        site=event.site,
        accepted_ms=accepted_ms,
        moves=judgement.moves,
        shipment=judgement.shipment,
        parent=event.parent,
    )
    for move in judgement.moves:
        for later in state.later.values():
            there = later.get(move.tag)
            later[move.tag] = move.units if there is None else there | move.units
    if state.watched is None or event.ref in state.watched:
        state.later[event.ref] = {}
    state.events[event.ref] = record
    return state


def _fold_one(state: State[S], effect: Effect[S]) -> None:
    match effect:
        case Commission():
            _fold_commission(state, effect)
        case Move():
            _fold_move(state, effect)
        case NewContainer() | PutIn() | TakeOut() | Nest() | Carry():
            _fold_container(state, effect)
        case Despatch() | Settle() | Reopen():
            _fold_shipment(state, effect)
        case Hold() | Lift():
            _fold_hold(state, effect)
        case MarkCorrected():
            old = state.events[effect.ref]
            state.events[effect.ref] = replace(old, is_corrected=True)


def _fold_commission(state: State[S], effect: Commission[S]) -> None:
    new = effect.new
    batch = state.batches.get(new.tag)
    nothing = new.units - new.units
    if batch is None:
        batch = Batch(new.tag, new.gtin, new.lot, new.expiry_date, "", 0, {}, nothing)
        state.batches[new.tag] = batch
    batch.size += new.size
    held = batch.holdings.get(effect.place, nothing)
    batch.holdings[effect.place] = held | new.units


def _fold_move(state: State[S], move: Move[S]) -> None:
    holdings = state.batches[move.tag].holdings
    if move.source is not None:
        rest = holdings[move.source] - move.units
        if rest:
            holdings[move.source] = rest
        else:
            del holdings[move.source]
    there = holdings.get(move.target)
    holdings[move.target] = move.units if there is None else there | move.units


def _fold_container(
    state: State[S], effect: NewContainer | PutIn[S] | TakeOut[S] | Nest | Carry
) -> None:
    match effect:
        case NewContainer():
            state.containers[effect.epc] = Container(effect.epc, effect.place)
        case PutIn():
            units = state.containers[effect.epc].units
            there = units.get(effect.tag)
            units[effect.tag] = effect.units if there is None else there | effect.units
        case TakeOut():
            units = state.containers[effect.epc].units
            rest = units[effect.tag] - effect.units
            if rest:
                units[effect.tag] = rest
            else:
                del units[effect.tag]
        case Nest():
            state.containers[effect.epc].parent = effect.parent
        case Carry():
            state.containers[effect.epc].place = effect.place


def _fold_shipment(
    state: State[S], effect: Despatch[S] | Settle[S] | Reopen[S]
) -> None:
    if isinstance(effect, Despatch):
        state.shipments[effect.shipment.ref] = effect.shipment
        return
    lines = state.shipments[effect.shipment].open
    there = lines.get(effect.tag, effect.units - effect.units)
    if isinstance(effect, Settle):
        lines[effect.tag] = there - effect.units
    else:
        lines[effect.tag] = there | effect.units


def _fold_hold(state: State[S], effect: Hold[S] | Lift[S]) -> None:
    held = state.batches[effect.tag].held
    there = held.get(effect.key, effect.units - effect.units)
    if isinstance(effect, Hold):
        held[effect.key] = there | effect.units
    else:
        held[effect.key] = there - effect.units
