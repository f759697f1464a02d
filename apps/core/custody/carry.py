"""What happens to containers when units in them move."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from .effects import Carry, Effect, Nest, TakeOut
from .state import Container, Place, S, State


def contains(container: Container[S], units: Mapping[str, S]) -> bool:
    """Whether any of `units` is inside `container`."""
    return any(
        tag in units and len(inside & units[tag])
        for tag, inside in container.units.items()
    )


def is_within(container: Container[S], units: Mapping[str, S]) -> bool:
    """Whether `container` holds something and all of it is among `units`."""
    return bool(container.units) and all(
        tag in units and inside <= units[tag] for tag, inside in container.units.items()
    )


def carry_whole(
    state: State[S], units: Mapping[str, S], place: Place, source: Place
) -> list[Effect[S]]:
    """Containers at `source` whose units move go along to `place`."""
    going = _at(state, source, lambda container: is_within(container, units))
    return [Carry(epc, place) for epc in (*going, *_hollow(state, going))]


def _at(
    state: State[S], source: Place, is_going: Callable[[Container[S]], bool]
) -> list[str]:
    return [
        epc
        for epc, container in state.containers.items()
        if container.place == source and is_going(container)
    ]


def _hollow(state: State[S], going: Collection[str]) -> list[str]:
    """Empty containers inside those that are `going`: nothing else takes them along."""
    return [
        epc
        for epc, container in state.containers.items()
        if container.parent is not None
        and not container.units
        and _nearest_filled(state, container) in going
    ]


def _nearest_filled(state: State[S], container: Container[S]) -> str:
    chain = ancestors(state, container)
    return next((each.epc for each in chain if each.units), "")


def carry_received(
    state: State[S], units: Mapping[str, S], place: Place, source: Place
) -> list[Effect[S]]:
    """A receipt: what did not come leaves its containers, the rest arrives."""
    effects: list[Effect[S]] = []
    for epc, container in state.containers.items():
        if container.place != source:
            continue
        if contains(container, units):
            effects += _take_out(container, units, keeps=True)
            effects.append(Carry(epc, place))
        elif container.units and _has_arriving_parent(state, container, units):
            effects.append(Nest(epc, None))
    going = _at(state, source, lambda container: contains(container, units))
    return effects + [Carry(epc, place) for epc in _hollow(state, going)]


def leave_containers(state: State[S], units: Mapping[str, S]) -> list[Effect[S]]:
    """Units that are supplied, end or stay behind leave whatever encloses them."""
    effects: list[Effect[S]] = []
    for epc, container in state.containers.items():
        if not contains(container, units):
            continue
        effects += _take_out(container, units, keeps=False)
        if container.parent is not None and is_within(container, units):
            effects.append(Nest(epc, None))
    return effects


def carry_back(
    state: State[S], units: Mapping[str, S], place: Place, source: Place
) -> list[Effect[S]]:
    """A void: whole containers come back, single units leave theirs."""
    effects: list[Effect[S]] = []
    for epc, container in state.containers.items():
        if container.place != source or not contains(container, units):
            continue
        if not is_within(container, units):
            effects += _take_out(container, units, keeps=False)
            continue
        effects.append(Carry(epc, place))
        parent = state.containers.get(container.parent or "")
        if parent is not None and not is_within(parent, units):
            effects.append(Nest(epc, None))
    going = _at(state, source, lambda container: is_within(container, units))
    return effects + [Carry(epc, place) for epc in _hollow(state, going)]


def ancestors(state: State[S], container: Container[S]) -> list[Container[S]]:
    """`container` and everything that encloses it, innermost first.

    It ends also where a container leads back to itself: no event makes one, but a state
    may come from rows that somebody changed.
    """
    chain = [container]
    seen = {container.epc}
    while (parent := chain[-1].parent) is not None and parent not in seen:
        chain.append(state.containers[parent])
        seen.add(parent)
    return chain


def _take_out(
    container: Container[S], units: Mapping[str, S], *, keeps: bool
) -> list[Effect[S]]:
    """Take `units` out, or with `keeps` everything but `units`."""
    effects: list[Effect[S]] = []
    for tag, inside in container.units.items():
        named = units.get(tag)
        stays = inside - inside if named is None else inside & named
        leaving = inside - stays if keeps else stays
        if len(leaving):
            effects.append(TakeOut(container.epc, tag, leaving))
    return effects


def _has_arriving_parent(
    state: State[S], container: Container[S], units: Mapping[str, S]
) -> bool:
    parent = state.containers.get(container.parent or "")
    return parent is not None and contains(parent, units)
