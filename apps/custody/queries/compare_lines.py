"""Compare the rows that events left behind with what each moved, many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from pyroaring import BitMap

from apps.core.custody import Place
from apps.core.errors import TraceError
from apps.custody.formats import chunk_ends, to_set
from apps.custody.models import Event, EventChunk, EventLine
from apps.custody.queries.judged import columns_of, moves_of
from apps.custody.queries.replay import Judged

_PAGE: Final = 200  # events
_ROWS: Final = 2_000
_Line = tuple[str, Place | None, Place]  # batch tag, from where, to where
_Chunks = set[tuple[int, ...]]  # batch, number, ends


class _Wanted(NamedTuple):
    columns: dict[str, Any]
    lines: dict[_Line, BitMap]


class LineChecker:
    """Fed with judged events, it compares their rows a page at a time.

    Attributes:
        count: of the lines that the events left.
    """

    def __init__(self) -> None:
        self.count = 0
        self._wanted: dict[str, _Wanted] = {}  # by ref, those not compared yet

    def check(self, judged: Judged) -> Iterator[str]:
        """Take one more event; where rows of earlier ones differ."""
        lines: dict[_Line, BitMap] = {}
        for move in moves_of(judged):
            key = (move.tag, move.source, move.target)
            lines[key] = lines.get(key, BitMap()) | move.units
            self.count += 1
        self._wanted[judged.line.ref] = _Wanted(columns_of(judged), lines)
        if len(self._wanted) == _PAGE:
            yield from self.finish()

    def finish(self) -> Iterator[str]:
        """Where rows of the events taken since the last page differ."""
        wanted, self._wanted = self._wanted, {}
        if not wanted:
            return
        columns = next(iter(wanted.values())).columns
        rows = Event.objects.filter(ref__in=wanted).values(*columns)
        events = {row["ref"]: row for row in rows}
        lines = _lines_of(wanted)
        for ref, (row, moved) in wanted.items():
            yield from _compare_event(ref, events.get(ref), row)
            try:
                if _sum_up(lines.get(ref, [])) != moved:
                    yield f"event {ref}: lines differ"
            except TraceError as error:
                yield f"event {ref}: {error.sentence()}"


def compare_chunks() -> Iterator[str]:
    """Each line against its own count and its place in the index of chunks."""
    index = _chunks_by_line()
    line_id, found = next(index, (0, set()))
    rows = EventLine.objects.order_by("pk").values_list(
        "pk", "event__ref", "batch_id", "count", "units"
    )
    for pk, ref, batch_id, count, stored in rows.iterator(chunk_size=_ROWS):
        units = to_set(stored)
        wanted = {(batch_id, *ends) for ends in chunk_ends(units)}
        while found and line_id < pk:
            line_id, found = next(index, (0, set()))
        if count != len(units):
            yield f"event {ref}: counts {count}, moved {len(units)}"
        if (found if line_id == pk else set()) != wanted:
            yield f"event {ref}: index of chunks differs"


def _chunks_by_line() -> Iterator[tuple[int, _Chunks]]:
    rows = EventChunk.objects.order_by("line_id")
    columns = rows.values_list("line_id", "batch_id", "chunk_no", "first", "last")
    for line_id, group in groupby(columns.iterator(chunk_size=_ROWS), itemgetter(0)):
        yield line_id, {tuple(row[1:]) for row in group}


def _lines_of(refs: dict[str, _Wanted]) -> dict[str, list[tuple[Any, ...]]]:
    rows = EventLine.objects.filter(event__ref__in=refs).values_list(
        *("event__ref", "batch__tag", "source_holder", "source_site", "source_status"),
        *("target_holder", "target_site", "target_status", "units"),
    )
    lines: dict[str, list[tuple[Any, ...]]] = {}
    for ref, *line in rows:
        lines.setdefault(ref, []).append(tuple(line))
    return lines


def _sum_up(lines: list[tuple[Any, ...]]) -> dict[_Line, BitMap]:
    found: dict[_Line, BitMap] = {}
    for tag, *places, stored in lines:
        source, target = Place(*places[:3]), Place(*places[3:])
        key = (bytes(tag).hex(), source if any(source) else None, target)
        found[key] = found.get(key, BitMap()) | to_set(stored)
    return found


def _compare_event(
    ref: str, found: dict[str, Any] | None, wanted: dict[str, Any]
) -> Iterator[str]:
    if found is None:
        yield f"event {ref}: missing"
        return
    for column, value in wanted.items():
        if found[column] != value:
            yield f"event {ref}: {column} differs"
