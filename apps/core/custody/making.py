"""Rules of the law about coming into being and being packed."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import LedgerConflict
from .carry import ancestors
from .checks import (
    container_of,
    party_of,
    refuse,
    verify_at,
    verify_held_at,
    verify_loose,
)
from .effects import Commission, Effect, Nest, NewContainer, PutIn, TakeOut
from .event import CustodyEvent, NewUnits
from .state import ACTIVE, Container, Place, S, State


def commission_units(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The maker brings N serials of a lot into being."""
    party = party_of(state, event)
    new = event.new_units
    if new is None or new.size < 1:
        raise refuse("nothing_named", event, wanted="at least one serial")
    if not party.may_make(gtin=new.gtin, at_ms=accepted_ms):
        raise refuse(
            "not_licensed_to_make",
            event,
            got=f"{party.gln} for {new.gtin}",
            wanted="a maker licensed for the GTIN's prefix",
        )
    _verify_batch(state, event, new, accepted_ms)
    return [Commission(new, Place(event.by, event.site, ACTIVE))]


def _verify_batch(
    state: State[S], event: CustodyEvent[S], new: NewUnits[S], accepted_ms: int
) -> None:
    batch = state.batches.get(new.tag)
    base = 0 if batch is None else batch.size
    if new.base != base:
        raise LedgerConflict(
            "base_moved", field="subjects.serials.base", got=new.base, wanted=str(base)
        )
    if batch is not None and batch.expiry_date != new.expiry_date:
        raise refuse(
            "expiry_differs",
            event,
            got=new.expiry_date.isoformat(),
            wanted=batch.expiry_date.isoformat(),
        )
    if accepted_ms >= _end_of(new):
        raise refuse(
            "expired", event, got=new.expiry_date.isoformat(), wanted="a date ahead"
        )


def _end_of(new: NewUnits[S]) -> int:
    days = new.expiry_date.toordinal() - 719163 + 1  # days since 1970-01-01
    return days * 86_400_000


def commission_container(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """A licensed party opens an empty container under its own prefix."""
    party = party_of(state, event)
    if not any(licence.is_in_force(accepted_ms) for licence in party.licences):
        raise refuse("not_licensed", event, got=party.gln, wanted="a licence in force")
    if event.loose:
        raise refuse("is_a_pack", event, wanted="numbers that no pack bears")
    effects: list[Effect[S]] = []
    for epc in event.containers:
        if not party.owns_prefix_of(_digits(epc)):
            raise refuse("prefix_of_another", event, got=epc, wanted="an own prefix")
        if epc in state.containers:
            raise refuse("container_exists", event, got=epc, wanted="a new number")
        effects.append(NewContainer(epc, Place(event.by, event.site, ACTIVE)))
    if not effects:
        raise refuse("nothing_named", event, wanted="at least one container")
    return effects


def _digits(epc: str) -> str:
    # Canonical EPCs: …/00/{sscc} and …/01/{gtin}/21/{serial}
    parts = epc.split("/")
    return (
        parts[parts.index("00") + 1] if "00" in parts else parts[parts.index("01") + 1]
    )


def pack(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> list[Effect[S]]:
    """The holder puts loose units and free containers into a container."""
    party_of(state, event)
    here = Place(event.by, event.site, ACTIVE)
    parent = container_of(state, event, event.parent)
    verify_at(event, parent, here)
    enclosing = ancestors(state, parent)
    _verify_children(state, event, here, enclosing)
    verify_held_at(state, event, here, event.units)
    verify_loose(state, event, event.loose)
    effects: list[Effect[S]] = [
        PutIn(container.epc, tag, units)
        for container in enclosing
        for tag, units in event.units.items()
        if len(units)
    ]
    effects += [Nest(epc, parent.epc) for epc in event.containers]
    return effects


def _verify_children(
    state: State[S],
    event: CustodyEvent[S],
    here: Place,
    enclosing: list[Container[S]],
) -> None:
    outer = {container.epc for container in enclosing}
    if not event.containers and not any(len(u) for u in event.loose.values()):
        raise refuse("nothing_named", event, wanted="at least one child")
    for epc in event.containers:
        child = container_of(state, event, epc)
        verify_at(event, child, here)
        if epc in outer:
            raise refuse("inside_itself", event, got=epc, wanted="another container")
        if child.parent is not None:
            raise refuse("not_outermost", event, got=epc, wanted="a free container")


def unpack(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The holder takes children out; without a list, all of them."""
    party_of(state, event)
    return take_out(state, event)


def take_out(state: State[S], event: CustodyEvent[S]) -> list[Effect[S]]:
    """Children of a container that the speaker holds stand free."""
    here = Place(event.by, event.site, ACTIVE)
    parent = container_of(state, event, event.parent)
    verify_at(event, parent, here)
    children = [c for c in state.containers.values() if c.parent == parent.epc]
    named = list(event.containers)
    units: Mapping[str, S] = event.units
    if not named and not event.loose:
        named = [child.epc for child in children]
        units = dict(parent.units)
    _verify_inside(event, parent, children, named)
    effects: list[Effect[S]] = [
        TakeOut(container.epc, tag, taken)
        for container in ancestors(state, parent)
        for tag, taken in units.items()
        if len(taken)
    ]
    effects += [Nest(epc, None) for epc in named]
    return effects


def _verify_inside(
    event: CustodyEvent[S],
    parent: Container[S],
    children: list[Container[S]],
    named: list[str],
) -> None:
    inner = {child.epc for child in children}
    for epc in named:
        if epc not in inner:
            raise refuse("not_inside", event, got=epc, wanted=f"inside {parent.epc}")
    for tag, loose in event.loose.items():
        inside = parent.units.get(tag)
        if inside is None or len(loose - inside):
            raise refuse("not_inside", event, wanted=f"units inside {parent.epc}")
        for child in children:
            if tag in child.units and len(child.units[tag] & loose):
                raise refuse("inside_a_container", event, got=child.epc)
