"""What some events name, gathered from all of them before anything is looked up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from apps.core.custody.said import Pack, Said
from apps.custody.queries.lines import SaidLine

_CHANGE_HOLDS: Final = frozenset({"holding", "storing", "inspecting"})


@dataclass(slots=True)
class Names:
    """The names in some events of one party, each once.

    Args:
        boxes: EPCs of containers, the parents of aggregations among them.
        batch_ids: rows of lots that are named as lots.
        parents: references to what was said before.
        taken_back: those that an error declaration takes back.
        addressees: to whom goods go, by GLN.
        sellers: to whom recalled goods go back: by which despatch the holder had them
            is looked up, named or not.
        is_changing: whether one sets or lifts a hold, or might; or grows a lot.
    """

    packs: set[Pack] = field(default_factory=set)
    boxes: set[str] = field(default_factory=set)
    batch_ids: set[int] = field(default_factory=set)
    parents: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    addressees: set[str] = field(default_factory=set)
    sellers: set[str] = field(default_factory=set)
    is_changing: bool = False

    @classmethod
    def of(cls, lines: Iterable[SaidLine]) -> Self:
        """The names in these lines."""
        names = cls()
        for line in lines:
            names.add(line.said, line.parents)
        return names

    def add(self, said: Said, parents: Collection[str]) -> None:
        """One more event, with the references it builds on."""
        self.packs.update(said.packs)
        self.boxes.update(said.sscc)
        self.parents.update(parents)
        if said.parent:
            self.boxes.add(said.parent)
        if said.error:
            self.taken_back.update(parents)
        if said.destination:
            self.addressees.add(said.destination)
            if said.biz_step == "shipping" and said.disposition == "recalled":
                self.sellers.add(said.destination)
        if said.biz_step in _CHANGE_HOLDS or said.disposition == "returned":
            self.is_changing = True
