"""XLSX rows, streamed: what a sheet claims about its size is never believed.

A cell stands where its row and reference say, and both may only go forward; so no
sheet can ask for more memory than one row takes. A formula is refused, since its
cached value was typed by nobody.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from apps.core.errors import MalformedInput
from apps.intake.formats.rows import MAX_COLUMNS, MAX_ROWS, Cell, LineError, Row, clip
from apps.intake.formats.xlsx_book import Book, read_book
from apps.intake.formats.xlsx_cells import read_cell
from apps.intake.formats.xlsx_parts import Parts, not_xlsx, open_parts
from apps.intake.formats.xlsx_text import MAX_TEXT, TextReader

MAGIC: Final = b"PK\x03\x04"
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ROW_NUMBER: Final = re.compile(r"[0-9]{1,7}")
_DIMENSION: Final = re.compile(
    rb"""<dimension ref=["'][A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}([0-9]{1,7})["']"""
)


@contextmanager
def open_xlsx(
    path: Path, *, progress: Callable[[], None]
) -> Iterator[tuple[int, Iterator[Row | LineError]]]:
    """How many rows the workbook says it has, and those of its one sheet with data.

    Empty rows are passed over; formulas and error values are errors by line.

    Raises:
        MalformedInput: `not_xlsx`, `several_sheets`, `sheet_too_large`,
            `inflates_too_far`; the rows too, while they are taken.
    """
    with open_parts(path) as archive:
        parts = Parts(archive, progress)
        book = read_book(parts)
        yield _claimed_rows(parts, book), _read_rows(parts, book)


def _read_rows(parts: Parts, book: Book) -> Iterator[Row | LineError]:
    has_rows = False
    for name in book.sheets:
        has_earlier = has_rows
        for item in _read_sheet(parts, name, book):
            if has_earlier:
                raise MalformedInput(
                    "several_sheets",
                    field="file",
                    got="a second sheet with data",
                    wanted="one sheet, or the others empty",
                )
            has_rows = True
            yield item


def _claimed_rows(parts: Parts, book: Book) -> int:
    """What the first sheet says of itself: good enough for a bar of progress."""
    for name in book.sheets[:1]:
        if found := _DIMENSION.search(parts.peek(name)):
            return min(int(found[1]), MAX_ROWS)
    return 0


def _read_sheet(parts: Parts, name: str, book: Book) -> Iterator[Row | LineError]:
    sheet = _Sheet(book)
    for _ in parts.walk(name, sheet):
        yield from sheet.found
        sheet.found.clear()


class _Sheet(TextReader):
    """Follows the cells of one sheet; `found` is what the last piece gave."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self.found: list[Row | LineError] = []
        self._book = book
        self._row = 0
        self._is_numbered = False
        self._column = 0
        self._first_column = 0  # of the first row that holds anything
        self._cells: list[Cell] = []
        self._faults: list[LineError] = []
        self._cell: dict[str, str] | None = None
        self._is_data = False
        self._is_inside = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note where a row or cell stands, and what it must not hold."""
        if self._cell is not None:
            if tag == "f":
                self._note("formula", "a formula", "the value itself: paste as values")
            else:
                self.start_run(tag, attributes)
        elif tag == "c" and self._is_inside:
            self._start_cell(attributes)
        elif tag == "row" and self._is_data:
            self._start_row(attributes)
        elif tag == "sheetData":
            self._is_data = True

    def end(self, tag: str) -> None:
        """Keep a cell, or give a row away."""
        if self._cell is not None:
            if tag == "c":
                self._end_cell(self._cell)
            else:
                self.end_run(tag)
        elif tag == "row" and self._is_inside:
            self._end_row()
        elif tag == "sheetData":
            self._is_data = False

    def _start_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        self._is_numbered = given is not None
        if self._is_inside:
            raise not_xlsx(f"a row inside row {self._row}", "rows apart")
        if given is not None and not _ROW_NUMBER.fullmatch(given):
            raise not_xlsx(f"the row number {clip(given)}", "row numbers in digits")
        self._go_to(self._row + 1 if given is None else int(given), column=0)
        self._is_inside = True
        self._cells, self._faults = [], []

    def _start_cell(self, attributes: dict[str, str]) -> None:
        row, column = self._place(attributes.get("r"))
        if row != self._row:
            if self._is_numbered or self._column:
                raise not_xlsx(f"a cell of row {row} in row {self._row}", "rows apart")
            self._go_to(row, column=0, is_same=True)
        if column <= self._column:
            raise not_xlsx(
                f"column {column} after {self._column} in row {row}", "cells in order"
            )
        self._column = column
        self._cell = attributes
        self.begin_text()
        if attributes.get("t") == "e":
            self._note("error_value", "an error value", "a value")

    def _place(self, reference: str | None) -> tuple[int, int]:
        if reference is None:
            row, column = self._row, self._column + 1
        elif match := _REFERENCE.fullmatch(reference):
            row, column = int(match[2]), _column_number(match[1])
        else:
            raise not_xlsx(
                f"the cell reference {clip(reference)} in row {self._row}",
                "references such as A1",
            )
        _verify_inside(row, column)
        return row, column

    def _go_to(self, row: int, *, column: int, is_same: bool = False) -> None:
        _verify_inside(row, column)
        if row < self._row or (row == self._row and not is_same):
            raise not_xlsx(f"row {row} after row {self._row}", "rows in order")
        self._row, self._column = row, column

    def _end_cell(self, attributes: dict[str, str]) -> None:
        self._cell = None
        kind = attributes.get("t", "n")
        text = self.take_text()
        if kind == "e" or self._faults:
            return  # the row is refused already
        value = read_cell(kind, attributes.get("s", ""), text, self._book)
        if isinstance(value, str) and len(value) > MAX_TEXT:
            self._note("too_long", "a longer text", f"at most {MAX_TEXT} characters")
        elif value != "":
            self._cells.extend([""] * (self._column - 1 - len(self._cells)))
            self._cells.append(value)

    def _end_row(self) -> None:
        self._is_inside = False
        if self._faults:
            self.found.extend(self._faults)
        elif self._cells:
            self.found.append(self._shift())

    def _shift(self) -> Row | LineError:
        """The row from the column on in which the table begins."""
        begin = next(at for at, cell in enumerate(self._cells) if cell != "")
        if not self._first_column:
            self._first_column = begin + 1
        if begin + 1 < self._first_column:
            return LineError(
                self._row,
                "too_many_columns",
                field=_letter(begin + 1),
                got=f"a value in column {_letter(begin + 1)}",
                wanted=f"columns from {_letter(self._first_column)} on, as in the "
                "first row",
            )
        return Row(self._row, tuple(self._cells[self._first_column - 1 :]))

    def _note(self, code: str, got: str, wanted: str) -> None:
        if len(self._faults) < MAX_COLUMNS:
            column = _letter(self._column)
            self._faults.append(
                LineError(self._row, code, field=column, got=got, wanted=wanted)
            )


def _verify_inside(row: int, column: int) -> None:
    if column > MAX_COLUMNS or row > MAX_ROWS + 1:
        raise MalformedInput(
            "sheet_too_large",
            field="file",
            got=f"row {row}, column {column}",
            wanted=f"{MAX_ROWS} rows, {MAX_COLUMNS} columns from A on",
        )


def _letter(column: int) -> str:
    return chr(ord("A") + column - 1)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
