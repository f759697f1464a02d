"""All the ways to cut an element string whose separators did not survive the scanner.

Keyboard wedges drop the GS character, and `10A1` + `21S1` arrives as one lot
`A121S1`. No rule can tell; only the ledger knows which reading exists. This module
lists the readings, fewest elements first, and judges none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..errors import MalformedInput
from .ai_table import find_ai_at
from .element_string import Element, verify_value

MAX_SPLITS: Final = 64
_MAX_STEPS: Final = 20_000
_MAX_TAIL_ELEMENTS: Final = 8


def list_splits(data: str) -> tuple[tuple[Element, ...], ...]:
    """Every reading of `data`, which holds no separator, as verified elements.

    From the first element that FNC1 should have ended, no identifier is repeated. At
    most 64 readings are given, those of the fewest elements; none if `data` cannot be
    read at all.
    """
    return _Search(data).run()


class _Search:
    """Depth first over the cuts; positions that lead nowhere are remembered."""

    def __init__(self, data: str) -> None:
        self._data = data
        self._steps: dict[int, tuple[tuple[Element, int], ...]] = {}
        self._depths: dict[int, frozenset[int]] = {len(data): frozenset({0})}
        self._budget = _MAX_STEPS

    def run(self) -> tuple[tuple[Element, ...], ...]:
        head, position = self._read_head()
        used = frozenset(ai for ai, _ in head)
        found: list[tuple[Element, ...]] = []
        for depth in range(_MAX_TAIL_ELEMENTS + 1):
            for tail in self._tails(position, depth, used):
                found.append((*head, *tail))
                if len(found) == MAX_SPLITS:
                    return tuple(found)
        return tuple(found)

    def _read_head(self) -> tuple[tuple[Element, ...], int]:
        """The elements of predefined length in front: they can be cut one way only."""
        head: list[Element] = []
        position = 0
        while (entry := find_ai_at(self._data, position)) and entry.is_predefined:
            step = self._step(position)
            if not step:
                break
            element, position = step[0]
            head.append(element)
        return tuple(head), position

    def _tails(
        self, position: int, depth: int, used: frozenset[str]
    ) -> Iterator[tuple[Element, ...]]:
        if depth not in self._depth(position):
            return
        if depth == 0:
            yield ()
            return
        for element, after in self._step(position):
            self._budget -= 1
            if self._budget < 0:
                return
            if element[0] in used:
                continue
            for rest in self._tails(after, depth - 1, used | {element[0]}):
                yield (element, *rest)

    def _depth(self, position: int) -> frozenset[int]:
        """In how many elements the text from `position` can be read to its end."""
        known = self._depths.get(position)
        if known is None:
            known = frozenset(
                depth + 1
                for _, after in self._step(position)
                for depth in self._depth(after)
                if depth < _MAX_TAIL_ELEMENTS
            )
            self._depths[position] = known
        return known

    def _step(self, position: int) -> tuple[tuple[Element, int], ...]:
        """The elements that may stand at `position`, with where each one ends."""
        known = self._steps.get(position)
        if known is None:
            known = self._steps[position] = tuple(self._cut(position))
        return known

    def _cut(self, position: int) -> Iterator[tuple[Element, int]]:
        entry = find_ai_at(self._data, position)
        if entry is None:
            return
        start, end = position + len(entry.ai), len(self._data)
        shortest = entry.max_length if entry.is_predefined else entry.min_length
        for stop in range(start + shortest, min(start + entry.max_length, end) + 1):
            # Cheap first: a cut must be followed by an identifier or by nothing.
            if stop < end and find_ai_at(self._data, stop) is None:
                continue
            element = (entry.ai, self._data[start:stop])
            if _is_valid(element):
                yield element, stop


def _is_valid(element: Element) -> bool:
    try:
        verify_value(*element)
    except MalformedInput:
        return False
    return True
