"""What a lot's own events tell of the containers around its units.

Only a lot's own events are at hand. Others may change a container unseen: a receipt of
another lot's packs on one pallet, a case that was nested while it was empty. So this
is knowledge and not law: it says which units a container most likely stands for; the
signature says which ones it stood for. Where they agree, nothing need be stated.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic

from ..custody.state import S


@dataclass(frozen=True, slots=True)
class Named(Generic[S]):
    """What an event names.

    Args:
        loose: packs of the lots named one by one, by the lot's tag.
        boxes: EPCs of all other things named.
        parent: EPC of an aggregation's container, else "".
        takes_all_out: an unpacking that names nothing means everything.
    """

    loose: Mapping[str, S]
    boxes: tuple[str, ...]
    parent: str
    takes_all_out: bool


@dataclass(slots=True)
class _Box(Generic[S]):
    """A container: units that stand in it and in no inner one, and inner ones."""

    number: int
    units: dict[str, S] = field(default_factory=dict)
    parent: str = ""
    inner: set[str] = field(default_factory=set)


class Boxes(Generic[S]):
    """The containers around the units of some lots.

    Args:
        make: a set of the given ordinals.
    """

    def __init__(self, make: Callable[[Iterable[int]], S]) -> None:
        self._make = make
        self._boxes: dict[str, _Box[S]] = {}
        self._names: list[str] = [""]
        # The innermost container of each unit by its number, 0 for none.
        self._around: dict[str, array[int]] = {}

    def grow(self, tag: str, size: int) -> None:
        """The lot has `size` units more, all of them loose."""
        around = self._around.setdefault(tag, array("I"))
        around.extend(array("I", bytes(around.itemsize * size)))

    def stand_for(self, named: Named[S]) -> dict[str, S]:
        """The units that an event on these things is known to be about, by lot."""
        units = dict(named.loose)
        boxes = (named.parent,) if named.takes_all_out else named.boxes
        for epc in boxes:
            for tag, inside in self._inside(epc).items():
                units[tag] = units[tag] | inside if tag in units else inside
        return {tag: part for tag, part in units.items() if part}

    def follow(self, rule: str, named: Named[S], units: Mapping[str, S]) -> None:
        """Take what an event of this rule of the law does to containers.

        Args:
            units: what it moved; a correction of a packing comes as `unpacking`.
        """
        self._leave_behind(named, units)
        if rule == "packing":
            self._pack(named)
        elif rule == "unpacking":
            self._unpack(named)
        elif rule.startswith("receiving"):
            self._arrive(units)
        elif rule.startswith("supplying") or rule == "ending":
            self._leave(units)
        elif rule in {"voiding", "correcting"}:
            self._come_back(units)

    def _inside(self, epc: str) -> dict[str, S]:
        found: dict[str, S] = {}
        for name in self._within(epc):
            for tag, units in self._boxes[name].units.items():
                found[tag] = found[tag] | units if tag in found else units
        return found

    def _within(self, epc: str) -> list[str]:
        """A container and all inside it, outermost first; none if it is unknown."""
        found = [epc] if epc in self._boxes else []
        for name in found:
            found.extend(self._boxes[name].inner)
        return found

    def _leave_behind(self, named: Named[S], units: Mapping[str, S]) -> None:
        """What was thought to be inside and is not among what was signed left before."""
        for tag, known in self.stand_for(named).items():
            stale = known - units[tag] if tag in units else known
            if stale:
                self._put(tag, stale, "")

    def _pack(self, named: Named[S]) -> None:
        self._open(named.parent)
        for epc in named.boxes:
            self._nest(epc, named.parent)
        for tag, loose in named.loose.items():
            self._put(tag, loose, named.parent)

    def _unpack(self, named: Named[S]) -> None:
        parent = self._boxes.get(named.parent)
        if named.takes_all_out and parent is not None:
            for epc in list(parent.inner):
                self._nest(epc, "")
            for tag, units in list(parent.units.items()):
                self._put(tag, units, "")
        for epc in named.boxes:
            self._nest(epc, "")
        for tag, loose in named.loose.items():
            self._put(tag, loose, "")

    def _arrive(self, units: Mapping[str, S]) -> None:
        """What did not come leaves its containers; those that did not come, theirs."""
        touched = self._touched(units)
        for name in touched:
            box = self._boxes[name]
            for tag, there in list(box.units.items()):
                rest = there - units[tag] if tag in units else there
                if rest:
                    self._put(tag, rest, "")
            for inner in box.inner - touched:
                if self._inside(inner):
                    self._nest(inner, "")

    def _leave(self, units: Mapping[str, S]) -> None:
        """Units that are supplied or end leave; what they leave empty stands free."""
        touched = self._touched(units)
        for tag, part in units.items():
            self._put(tag, part, "")
        for name in touched:
            if not self._inside(name):
                self._nest(name, "")

    def _come_back(self, units: Mapping[str, S]) -> None:
        """Whole containers come back, single units leave theirs."""
        touched = self._touched(units)
        whole = {name for name in touched if self._is_within(name, units)}
        for name in touched - whole:
            for tag, there in list(self._boxes[name].units.items()):
                if tag in units and there & units[tag]:
                    self._put(tag, there & units[tag], "")
        for name in whole:
            if self._boxes[name].parent not in whole:
                self._nest(name, "")

    def _is_within(self, epc: str, units: Mapping[str, S]) -> bool:
        return all(
            tag in units and part <= units[tag]
            for tag, part in self._inside(epc).items()
        )

    def _touched(self, units: Mapping[str, S]) -> set[str]:
        """The containers that hold any of `units`, enclosing ones included."""
        numbers: set[int] = set()
        for tag, part in units.items():
            around = self._around[tag]
            numbers.update(around[ordinal] for ordinal in part)
        numbers.discard(0)
        touched: set[str] = set()
        for number in numbers:
            name = self._names[number]
            while name and name not in touched:
                touched.add(name)
                name = self._boxes[name].parent
        return touched

    def _open(self, epc: str) -> _Box[S]:
        box = self._boxes.get(epc)
        if box is None:
            box = self._boxes[epc] = _Box(len(self._names))
            self._names.append(epc)
        return box

    def _nest(self, epc: str, parent: str) -> None:
        """`epc` stands in `parent` from now on; "" stands it free."""
        box = self._open(epc)
        if box.parent:
            self._boxes[box.parent].inner.discard(epc)
        box.parent = parent
        if not parent:
            return
        # What was inside it cannot be around it: it came out unseen.
        outer = parent
        while outer:
            above = self._boxes[outer].parent
            if above == epc:
                self._nest(outer, "")
                break
            outer = above
        self._boxes[parent].inner.add(epc)

    def _put(self, tag: str, units: S, epc: str) -> None:
        """Move units of a lot out of their innermost containers, into `epc` or none."""
        around = self._around[tag]
        number = self._boxes[epc].number if epc else 0
        left: dict[int, list[int]] = {}
        for ordinal in units:
            left.setdefault(around[ordinal], []).append(ordinal)
            around[ordinal] = number
        for old, ordinals in left.items():
            if old:
                self._take(self._boxes[self._names[old]], tag, ordinals)
        if epc:
            inside = self._boxes[epc].units
            inside[tag] = inside[tag] | units if tag in inside else units

    def _take(self, box: _Box[S], tag: str, ordinals: list[int]) -> None:
        rest = box.units[tag] - self._make(ordinals)
        if rest:
            box.units[tag] = rest
        else:
            del box.units[tag]
