"""The containers that one event can touch, found among all of them without a search.

The law looks at every container of the state that it is given. At the door that are
the trees around what the event names; a replay has all that ever were, and gives the
law the same trees, so that its time does not grow with their number.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

from pyroaring import BitMap

from apps.core.custody import Container, Judgement, State
from apps.core.custody import effects as fx
from apps.core.custody.carry import ancestors

Boxes = dict[str, Container[BitMap]]


class Surroundings:
    """For each ordinal its innermost container, and for each container its children.

    Args:
        state: what the replay folds; its containers are read, never changed.
    """

    def __init__(self, state: State[BitMap]) -> None:
        self._state = state
        self._names: list[str] = [""]  # EPC by number from 1; 0 means none
        self._numbers: dict[str, int] = {}
        self._homes: dict[str, array[int]] = {}  # innermost by ordinal, by batch
        self._parents: dict[str, str] = {}
        self._children: dict[str, set[str]] = {}
        for epc in sorted(state.containers, key=self._height):
            self._begin(epc, state.containers[epc])

    def _begin(self, epc: str, box: Container[BitMap]) -> None:
        """A container of a closing, its inner ones first."""
        self._number(epc)
        self._nest(epc, box.parent)
        for tag, units in box.units.items():
            self._put_in(epc, tag, units)

    def _height(self, epc: str) -> int:
        """Inner containers hold no more than those around them."""
        return -len(ancestors(self._state, self._state.containers[epc]))

    def around(self, *, epcs: Iterable[str], loose: Mapping[str, BitMap]) -> Boxes:
        """The whole trees in which the containers named and the loose units stand."""
        named = {epc for epc in epcs if epc in self._state.containers}
        for tag, units in loose.items():
            home = self._homes.get(tag)
            if home is not None:
                inside = {home[unit] for unit in units if unit < len(home)}
                named.update(self._names[number] for number in inside if number)
        found: Boxes = {}
        for epc in named:
            self._add_tree(self._root(epc), found)
        return found

    def note(self, judgement: Judgement[BitMap]) -> None:
        """Keep up with what follows from an event."""
        for effect in judgement.effects:
            if isinstance(effect, fx.NewContainer):
                self._number(effect.epc)
            elif isinstance(effect, fx.PutIn):
                self._put_in(effect.epc, effect.tag, effect.units)
            elif isinstance(effect, fx.TakeOut):
                self._take_out(effect.epc, effect.tag, effect.units)
            elif isinstance(effect, fx.Nest):
                self._nest(effect.epc, effect.parent)

    def _number(self, epc: str) -> int:
        if epc not in self._numbers:
            self._numbers[epc] = len(self._names)
            self._names.append(epc)
        return self._numbers[epc]

    def _put_in(self, epc: str, tag: str, units: BitMap) -> None:
        if not units:
            return
        number, home = self._numbers[epc], self._homes.setdefault(tag, array("I"))
        if (missing := units.max() + 1 - len(home)) > 0:
            home.extend(array("I", bytes(4 * missing)))
        for unit in units:
            if not home[unit]:
                home[unit] = number

    def _take_out(self, epc: str, tag: str, units: BitMap) -> None:
        number, home = self._numbers[epc], self._homes[tag]
        for unit in units:
            if home[unit] == number:
                home[unit] = 0

    def _nest(self, epc: str, parent: str | None) -> None:
        old = self._parents.pop(epc, None)
        if old is not None:
            self._children[old].discard(epc)
        if parent is not None:
            self._parents[epc] = parent
            self._children.setdefault(parent, set()).add(epc)

    def _root(self, epc: str) -> str:
        return ancestors(self._state, self._state.containers[epc])[-1].epc

    def _add_tree(self, epc: str, found: Boxes) -> None:
        if epc in found:
            return
        found[epc] = self._state.containers[epc]
        for child in self._children.get(epc, ()):
            self._add_tree(child, found)
