"""One figure beside its floor, and the table of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians of a measure and of its floor, in one unit.

    Args:
        more_is_better: True for rates, False for times.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    floor_name: str
    floors: tuple[float, ...]
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def floor(self) -> float:
        return median(self.floors)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "median": round(self.value, 3),
            "floor_name": self.floor_name,
            "floor_median": round(self.floor, 3),
            "ratio": round(self.value / self.floor, 4),
            "rounds": len(self.values),
            "note": self.note,
        }


def as_table(figures: Sequence[Figure]) -> str:
    """A Markdown table of the medians."""
    lines = [
        "| what | median | unit | floor in the same run | median | ratio | note |",
        "|---|---:|---|---|---:|---:|---|",
    ]
    lines += [
        f"| {f.name} | {_shown(f.value)} | {f.unit} | {f.floor_name} |"
        f" {_shown(f.floor)} | {f.value / f.floor:.3f} | {f.note} |"
        for f in figures
    ]
    return "\n".join(lines)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
