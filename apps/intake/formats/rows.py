"""What every reader of a file yields: rows, or lines that could not be read."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

from apps.core.errors import MalformedInput, shown

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta

MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 8
_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `line_no` counts from 1, the first line of the file."""

    line_no: int
    cells: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """The row as a person recognises it, cut to 200 characters."""
        return clip(" | ".join(str(cell) for cell in self.cells))


@dataclass(frozen=True, slots=True)
class Taken:
    """So many rows were checked and taken while they were read."""

    count: int


@dataclass(frozen=True, slots=True)
class LineError:
    """One line that cannot be taken: what was got, what was wanted.

    `line_no` 0 speaks of the file as a whole; `row` is what stood there.
    """

    line_no: int
    code: str
    field: str = ""
    got: str = ""
    wanted: str = ""
    row: str = ""

    @classmethod
    def of(cls, error: MalformedInput, *, line_no: int, row: str = "") -> "LineError":
        """The error of a parser, at a line."""
        return cls(
            line_no=line_no,
            code=error.code,
            field=clip(error.field)[:40],
            got=clip(error.got or ""),
            wanted=clip(error.wanted),
            row=clip(row),
        )


def clip(text: str) -> str:
    """`text` on one line of at most 200 characters, controls escaped.

    NUL, which PostgreSQL cannot store, becomes visible.
    """
    if not text.isprintable():
        text = "".join(each if each.isprintable() else shown(each) for each in text)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return text[: _SHOWN_CHARACTERS - 1] + "…"
