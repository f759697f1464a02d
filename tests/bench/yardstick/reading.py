"""One ratio with its floor, its goal and whether it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from tests.bench.report import Figure

Verdict = Literal["met", "missed", "no goal", "not run here"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on what is compared: the ratio to the floor, or the value itself."""

    least: float | None = None
    most: float | None = None
    of: Literal["ratio", "value"] = "ratio"

    def judge(self, got: float) -> Verdict:
        if self.least is not None:
            return "met" if got >= self.least else "missed"
        assert self.most is not None
        return "met" if got <= self.most else "missed"

    @property
    def words(self) -> str:
        if self.least is not None:
            return f"≥ {_shown(self.least)}"
        assert self.most is not None
        return f"≤ {_shown(self.most)}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured for one of the goals; values and floors round by round.

    Args:
        number: of the goal, `G1` to `G22`.
        floors: of the same unit; empty where the value stands for itself.
    """

    number: str
    what: str
    unit: str
    values: Sequence[float]
    floor_name: str = ""
    floors: Sequence[float] = ()
    goal: Goal | None = None
    note: str = ""

    @classmethod
    def of(cls, number: str, figure: Figure, goal: Goal | None = None) -> Reading:
        """A figure of the other benches."""
        return cls(
            number,
            figure.name,
            figure.unit,
            figure.values,
            figure.floor_name,
            figure.floors,
            goal,
            figure.note,
        )

    @property
    def ratios(self) -> list[float]:
        """Round by round, value to floor."""
        pairs = zip(self.values, self.floors, strict=False)
        return [value / floor for value, floor in pairs if floor]

    @property
    def ratio(self) -> float | None:
        """Median to median."""
        return median(self.values) / median(self.floors) if self.floors else None

    @property
    def compared(self) -> float:
        """What the goal is about."""
        of_value = self.goal is not None and self.goal.of == "value"
        if of_value or self.ratio is None:
            return median(self.values)
        return self.ratio

    @property
    def verdict(self) -> Verdict:
        return self.goal.judge(self.compared) if self.goal else "no goal"

    def as_json(self) -> dict[str, Any]:
        ratios = self.ratios
        return {
            "number": self.number,
            "what": self.what,
            "unit": self.unit,
            "median": median(self.values),
            "least": min(self.values),
            "most": max(self.values),
            "rounds": len(self.values),
            "floor": self.floor_name or None,
            "floor_median": median(self.floors) if self.floors else None,
            "ratio": self.ratio,
            "ratio_least": min(ratios) if ratios else None,
            "ratio_most": max(ratios) if ratios else None,
            "goal": self.goal.words if self.goal else None,
            "goal_of": self.goal.of if self.goal else None,
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class NotRun:
    """A goal, or a part of one, that this machine cannot measure, and why."""

    number: str
    what: str
    why: str

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "what": self.what,
            "verdict": "not run here",
            "note": self.why,
        }


Row = Reading | NotRun
_HEAD = (
    "| | what | median (min–max) | unit | floor in the same run | median | ratio"
    " (min–max) | goal | |\n|---|---|---:|---|---|---:|---:|---|---|"
)


def as_table(rows: Sequence[Row]) -> str:
    """Markdown, in the order of the goals' numbers."""
    ordered = sorted(rows, key=lambda row: int(row.number[1:]))
    return "\n".join([_HEAD, *(as_line(row) for row in ordered)])


def as_line(row: Row) -> str:
    """Its line of the table."""
    if isinstance(row, NotRun):
        return f"| {row.number} | {row.what} | | | | | | | not run here: {row.why} |"
    note = f" ({row.note})" if row.note else ""
    floor = _shown(median(row.floors)) if row.floors else ""
    ratio = ""
    if row.ratio is not None:
        ratio = f"{_shown(row.ratio)}{_range(row.ratios)}"
    goal = row.goal.words if row.goal else ""
    return (
        f"| {row.number} | {row.what}{note} |"
        f" {_shown(median(row.values))}{_range(row.values)} | {row.unit} |"
        f" {row.floor_name} | {floor} | {ratio} | {goal} | {row.verdict} |"
    )


def _range(values: Sequence[float]) -> str:
    if len(values) < 2:
        return ""
    return f" ({_shown(min(values))}–{_shown(max(values))})"


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
