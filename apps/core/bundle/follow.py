"""The builder's side of `boxes`: which sets a bundle has to state.

The verifier works out what an event is about from what it names and from what the
lots' events tell of containers. Only where the units that the event moved are others
must they be said, so this follows the same events in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Generic

from ..custody.state import S
from .boxes import Boxes, Named
from .lotlaw import PACKING, UNPACKING

_CORRECTING: Final = "correcting"


class Follower(Generic[S]):
    """Follows the events of some lots.

    Args:
        make: a set of the given ordinals.
    """

    def __init__(self, make: Callable[[Iterable[int]], S]) -> None:
        self._boxes: Boxes[S] = Boxes(make)
        self._nothing = make(())

    def commission(self, tag: str, size: int) -> None:
        """The lot has `size` units more."""
        self._boxes.grow(tag, size)

    def known(self, named: Named[S]) -> dict[str, S]:
        """The units that the verifier will take the event to be about."""
        return self._boxes.stand_for(named)

    def event(
        self, rule: str, named: Named[S], units: Mapping[str, S], *, corrects: str = ""
    ) -> dict[str, S]:
        """The sets to be stated, by the lot's tag; none where all are known.

        Args:
            rule: of the law, as it judged the event.
            units: what the event is about.
            corrects: the rule of the event that a correction takes back.
        """
        known = self.known(named)
        stated = {
            tag: units.get(tag, self._nothing)
            for tag in known.keys() | units.keys()
            if known.get(tag) != units.get(tag)
        }
        if (rule, corrects) == (_CORRECTING, PACKING):
            rule = UNPACKING
        self._boxes.follow(rule, named, units)
        return stated
