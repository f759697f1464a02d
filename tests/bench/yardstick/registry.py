"""Which function measures what: one line a measure, in the order they run.

A better function takes its place by a change of its line. Those that write much come
last: the others then stand on the network as it was built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.reading import Row

_HERE = "tests.bench.yardstick"


@dataclass(frozen=True, slots=True)
class Measure:
    """Goals by number, and where the function is: `module.function`."""

    numbers: tuple[str, ...]
    place: str

    @property
    def function(self) -> Callable[[Ground], list[Row]]:
        module, _, name = self.place.rpartition(".")
        found: Callable[[Ground], list[Row]] = getattr(import_module(module), name)
        return found


MEASURES = (
    Measure(("G19",), f"{_HERE}.upkeep.disk"),
    Measure(("G9",), f"{_HERE}.answers.recall_flat"),
    Measure(("G10",), f"{_HERE}.answers.recall_cost"),
    Measure(("G11",), f"{_HERE}.answers.ever_via"),
    Measure(("G12",), f"{_HERE}.answers.histories"),
    Measure(("G6", "G7", "G8"), f"{_HERE}.doors.scans"),
    Measure(("G22",), f"{_HERE}.doors.counts"),
    Measure(("G13",), f"{_HERE}.moves.pallets"),
    Measure(("G14", "G15"), f"{_HERE}.doors.appends"),
    Measure(("G14",), f"{_HERE}.moves.stream"),
    Measure(("G16",), f"{_HERE}.log.verified"),
    Measure(("G20",), f"{_HERE}.upkeep.replay"),
    Measure(("G17", "G18"), f"{_HERE}.log.merkle"),
    Measure(("G4",), f"{_HERE}.uploads.flat"),
    Measure(("G1", "G2", "G3", "G5"), f"{_HERE}.uploads.file_to_batch"),
    Measure(("G21",), f"{_HERE}.small.sqlite"),
)
NUMBERS = tuple(f"G{n}" for n in range(1, 23))


def chosen(numbers: Sequence[str]) -> list[Measure]:
    """The measures of the goals named, all of them where none is."""
    return [m for m in MEASURES if not numbers or set(m.numbers) & set(numbers)]
