"""Which kind of file of packing it is, by its first bytes, and everything it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from apps.core.errors import MalformedInput
from apps.intake.formats.epcis_list import HEADS
from apps.intake.formats.files import open_rows
from apps.intake.formats.packed import unpacked
from apps.intake.formats.rows import MAX_ROWS, LineError, Row
from apps.packaging.formats.hierarchy import Hierarchy
from apps.packaging.formats.hierarchy_epcis import read_events
from apps.packaging.formats.hierarchy_rows import RowReader

Progress = Callable[[int, int], None]  # rows or events done, in all


def read_hierarchy(
    path: Path, *, gtin: str, tree: Hierarchy, today: date, progress: Progress
) -> Iterator[LineError]:
    """Take the file into `tree`; yields the lines that cannot be taken.

    Raises:
        MalformedInput: of the whole file, as its reader says.
    """
    with unpacked(path, progress=lambda: progress(0, 0)) as plain:
        with plain.open("rb") as file:
            head = file.read(1)
        if head.startswith(HEADS):
            yield from read_events(plain, gtin=gtin, tree=tree, progress=progress)
        else:
            yield from _read_rows(plain, gtin, tree, today, progress)


def _read_rows(
    path: Path, gtin: str, tree: Hierarchy, today: date, progress: Progress
) -> Iterator[LineError]:
    reader = RowReader(gtin, today, tree)
    known = done = 0

    def show() -> None:
        progress(done, known)

    with open_rows(path, progress=show) as (total, rows):
        known = total
        for item in rows:
            done += 1
            if done > MAX_ROWS + 1:
                raise MalformedInput(
                    "too_many_rows", field="file", wanted=f"at most {MAX_ROWS} rows"
                )
            if isinstance(item, LineError):
                yield item
            elif isinstance(item, Row) and (error := reader.take(item)) is not None:
                yield error
