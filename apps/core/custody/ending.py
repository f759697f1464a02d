"""Rules of the law about supply, the end of a serial, holds and their lifting."""

from __future__ import annotations

from .carry import leave_containers
from .checks import (
    batch_of,
    party_of,
    refuse,
    shipment_of,
    verify_filled,
    verify_held_at,
    verify_open,
    verify_something,
    verify_supplyable,
)
from .effects import Effect, Hold, Lift, Settle
from .event import CustodyEvent
from .state import (
    ACTIVE,
    HOLDS,
    NON_SELLABLE,
    PARTLY_SUPPLIED,
    RETURNED,
    SUPPLIED,
    SUPPLIERS,
    HoldKey,
    Move,
    Place,
    S,
    State,
)

_END = {
    ("decommissioning", "inactive"): "decommissioned",
    ("decommissioning", "unavailable"): "lost",
    ("decommissioning", "stolen"): "stolen",
    ("destroying", "destroyed"): "destroyed",
    ("sampling", "inactive"): "sampled",
    ("shipping", "in_transit"): "exported",
}
ENDS = frozenset(_END.values())


def supply(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """A pharmacy or hospital supplies whole packs, opened ones too."""
    return _supply(state, event, accepted_ms, status=SUPPLIED)


def supply_part(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """A pharmacy or hospital supplies a part of a pack; the rest stays."""
    return _supply(state, event, accepted_ms, status=PARTLY_SUPPLIED)


def _supply(
    state: State[S], event: CustodyEvent[S], accepted_ms: int, *, status: str
) -> list[Effect[S]]:
    party = party_of(state, event)
    verify_something(event)
    target = Place(event.by, event.site, status)
    effects: list[Effect[S]] = []
    for tag, units in event.units.items():
        batch = batch_of(state, event, tag)
        opened = _opened(batch.holdings, event, units)
        sealed = units - opened
        here = Place(event.by, event.site, ACTIVE)
        verify_held_at(state, event, here, {tag: sealed})
        if not party.is_licensed(SUPPLIERS, gtin=batch.gtin, at_ms=accepted_ms):
            raise refuse(
                "not_licensed_to_supply",
                event,
                got=f"{party.gln} for {batch.gtin}",
                wanted="a pharmacy or hospital licence in force",
            )
        if len(sealed):
            effects.append(Move(tag, sealed, here, target))
        if len(opened) and status == SUPPLIED:
            part = Place(event.by, event.site, PARTLY_SUPPLIED)
            effects.append(Move(tag, opened, part, target))
    verify_filled(state, event)
    verify_supplyable(state, event, accepted_ms)
    return [*effects, *leave_containers(state, event.units)]


def _opened(holdings: dict[Place, S], event: CustodyEvent[S], units: S) -> S:
    part = holdings.get(Place(event.by, event.site, PARTLY_SUPPLIED))
    return units - units if part is None else units & part


def end(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> list[Effect[S]]:
    """The holder ends serials: inactive, lost, stolen, destroyed, sampled, exported.

    What was sent and did not arrive is the sender's to end: the event then names
    the shipment.
    """
    party_of(state, event)
    verify_something(event)
    status = _END[(event.biz_step, event.disposition)]
    if event.source not in ("", event.by):
        raise refuse("another_source", event, got=event.source, wanted=event.by)
    if any(ref in state.shipments for ref in event.parents):
        return _end_under_way(state, event, status)
    effects: list[Effect[S]] = []
    target = Place(event.by, event.site, status)
    for tag, units in event.units.items():
        opened = _opened(batch_of(state, event, tag).holdings, event, units)
        here = Place(event.by, event.site, ACTIVE)
        verify_held_at(state, event, here, {tag: units - opened})
        if len(units - opened):
            effects.append(Move(tag, units - opened, here, target))
        if len(opened):
            part = Place(event.by, event.site, PARTLY_SUPPLIED)
            effects.append(Move(tag, opened, part, target))
    verify_filled(state, event)
    if status == "exported":
        verify_supplyable(state, event, accepted_ms)
    return [*effects, *leave_containers(state, event.units)]


def _end_under_way(
    state: State[S], event: CustodyEvent[S], status: str
) -> list[Effect[S]]:
    shipment = shipment_of(state, event)
    if shipment.source.holder != event.by:
        raise refuse("not_your_shipment", event, got=event.by, wanted="the sender")
    if status not in {"lost", "stolen", "destroyed"}:
        raise refuse(
            "not_for_goods_under_way",
            event,
            got=status,
            wanted="lost, stolen or destroyed",
        )
    verify_open(event, shipment)
    verify_held_at(state, event, shipment.source, event.units)
    verify_filled(state, event, shipment.source)
    target = Place(event.by, shipment.source.site, status)
    effects: list[Effect[S]] = []
    for tag, units in event.units.items():
        effects.append(Move(tag, units, shipment.source, target))
        effects.append(Settle(shipment.ref, tag, units))
    return [*effects, *leave_containers(state, event.units)]


def hold(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> list[Effect[S]]:
    """The holder keeps its own units back."""
    verify_something(event)
    party_of(state, event)
    for tag, units in event.units.items():
        _verify_held_here(state, event, tag, units)
    return _hold(state, event)


def hold_recalled(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The brand owner or a regulator blocks units, wherever they are."""
    verify_something(event)
    party_of(state, event)
    for tag, units in event.units.items():
        owner = batch_of(state, event, tag).brand_owner
        if event.by == owner or event.by in state.regulators:
            continue
        # Of goods that somebody else holds nothing is told, their owner neither.
        _verify_held_here(state, event, tag, units)
        raise refuse(
            "not_brand_owner",
            event,
            got=event.by,
            wanted=f"{owner} or a regulator; a holder says {NON_SELLABLE}",
        )
    return _hold(state, event)


def _verify_held_here(
    state: State[S], event: CustodyEvent[S], tag: str, units: S
) -> None:
    opened = _opened(batch_of(state, event, tag).holdings, event, units)
    here = Place(event.by, event.site, ACTIVE)
    verify_held_at(state, event, here, {tag: units - opened})


def _hold(state: State[S], event: CustodyEvent[S]) -> list[Effect[S]]:
    verify_filled(state, event)
    key = HoldKey(event.by, event.disposition)
    return [Hold(tag, key, units) for tag, units in event.units.items()]


def release(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """Whoever set a hold lifts it, and says which one; another's hold stays."""
    if not event.lifts or not HOLDS.issuperset(event.lifts):
        raise refuse(
            "hold_not_named",
            event,
            got=" ".join(event.lifts),
            wanted="persistentDisposition unset: " + " or ".join(sorted(HOLDS)),
        )
    return _lift(state, event, event.lifts)


def release_inspected(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """Who received a return has inspected it; other holds stay."""
    if event.lifts:
        raise refuse(
            "hold_not_named",
            event,
            got=" ".join(event.lifts),
            wanted="storing, which lifts what a hold has set",
        )
    return _lift(state, event, (RETURNED,))


def _lift(
    state: State[S], event: CustodyEvent[S], reasons: tuple[str, ...]
) -> list[Effect[S]]:
    verify_something(event)
    party_of(state, event)
    effects: list[Effect[S]] = []
    for tag, units in event.units.items():
        for key in (HoldKey(event.by, reason) for reason in reasons):
            held = batch_of(state, event, tag).held.get(key)
            if held is None or len(units - held):
                raise refuse(
                    "not_your_hold",
                    event,
                    got=event.by,
                    wanted=f"units that you have on hold as {key.reason}",
                )
            effects.append(Lift(tag, key, units))
    verify_filled(state, event)
    return effects
