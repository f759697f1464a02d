"""XLSX rows: looked through for traps first, then read by calamine.

calamine builds a dense table of what it is told, so a few bytes can ask it for all
memory; and it shows the last result of a formula as if somebody had typed it. So the
parts of the file are inflated once under a limit, and their cells counted.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from apps.core.errors import MalformedInput
from apps.intake.formats.rows import MAX_COLUMNS, MAX_ROWS, LineError, Row

MAGIC: Final = b"PK\x03\x04"
_MAX_PARTS: Final = 500
_MAX_INFLATED_BYTES: Final = 400_000_000
_PIECE_BYTES: Final = 1 << 16
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_MAX_FOUND: Final = 1_000


def read_xlsx(path: Path, found: "Found") -> Iterator[Row | LineError]:
    """The rows of the one sheet that holds anything; empty rows are passed over.

    Formulas and error values, which `found` lists, are errors by line.

    Raises:
        MalformedInput: `not_xlsx`.
    """
    yield from found.faults
    rows = _read_rows(path)
    faulty = {fault.line_no for fault in found.faults}
    for line_no, cells in enumerate(rows, start=1):
        # Empty cells at the end are the sheet's shape, not the row's.
        while cells and cells[-1] == "":
            cells.pop()
        if cells and line_no not in faulty:
            yield Row(line_no, tuple(cells))


@dataclass(slots=True)
class Found:
    """What the look through the sheets brought to light."""

    sheets_with_data: int = 0
    inflated_bytes: int = 0
    last_row: int = 0
    faults: list[LineError] = field(default_factory=list)


class _Sheet:
    """Follows the cells of one part of the file."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._row = 0
        self._column = 0
        self.cells = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Count a row or cell; note formulas and error values."""
        tag = name.rpartition(":")[2]
        if tag == "row":
            self._row = self._number(attributes.get("r"), self._row + 1)
            self._column = 0
        elif tag == "c":
            self._start_cell(attributes)
        elif tag == "f" and self.cells:
            self._note("formula", "a formula", "the value itself: paste as values")

    def refuse_doctype(self, *_: Any) -> None:
        """A workbook needs none; what has one wants entities expanded."""
        raise MalformedInput("not_xlsx", field="file", got="DOCTYPE", wanted="XLSX")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self.cells += 1
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        if reference is None:
            self._column += 1
        else:
            self._column = _column_number(reference[1])
            self._row = int(reference[2])
        if self._column > MAX_COLUMNS or self._row > MAX_ROWS + 1:
            raise MalformedInput(
                "sheet_too_large",
                field="file",
                got=f"row {self._row}, column {self._column}",
                wanted=f"{MAX_ROWS} rows, {MAX_COLUMNS} columns from A on",
            )
        self._found.last_row = max(self._found.last_row, self._row)
        if attributes.get("t") == "e":
            self._note("error_value", "an error value", "a value")

    def _number(self, text: str | None, otherwise: int) -> int:
        is_number = text is not None and re.fullmatch("[1-9][0-9]{0,6}", text)
        return int(text) if is_number and text else otherwise

    def _note(self, code: str, got: str, wanted: str) -> None:
        if len(self._found.faults) < _MAX_FOUND:
            column = chr(ord("A") + max(self._column, 1) - 1)
            self._found.faults.append(
                LineError(self._row, code, field=column, got=got, wanted=wanted)
            )


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def look_through(path: Path) -> Found:
    """Inflate the file once, under limits, and follow its cells.

    Raises:
        MalformedInput: no XLSX workbook; one that inflates beyond 400 MB, has two
            sheets with data, or cells beyond column H or row 1,000,000.
    """
    found = Found()
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS:
                raise _not_xlsx(f"{len(parts)} parts")
            for part in parts:
                _look_through_part(archive, part, found)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise _not_xlsx("a damaged, encrypted or foreign archive") from error
    if found.sheets_with_data > 1:
        raise MalformedInput(
            "several_sheets",
            field="file",
            got=f"{found.sheets_with_data} sheets with data",
            wanted="one sheet, or the others empty",
        )
    return found


def _look_through_part(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, found: Found
) -> None:
    is_sheet = "worksheets/" in part.filename and part.filename.endswith(".xml")
    sheet = _Sheet(found)
    parser = expat.ParserCreate()
    parser.StartElementHandler = sheet.start
    parser.StartDoctypeDeclHandler = sheet.refuse_doctype
    with archive.open(part) as stream:
        while piece := stream.read(_PIECE_BYTES):
            found.inflated_bytes += len(piece)
            if found.inflated_bytes > _MAX_INFLATED_BYTES:
                raise MalformedInput(
                    "inflates_too_far",
                    field="file",
                    wanted=f"at most {_MAX_INFLATED_BYTES} bytes unpacked",
                )
            if is_sheet:
                _feed(parser, piece)
    found.sheets_with_data += is_sheet and sheet.cells > 0


def _feed(parser: expat.XMLParserType, piece: bytes) -> None:
    try:
        parser.Parse(piece, False)  # noqa: FBT003  # expat takes no keyword
    except expat.ExpatError as error:
        raise _not_xlsx("a sheet that is no XML") from error


def _read_rows(path: Path) -> Iterator[list[Any]]:
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for name in workbook.sheet_names:
                sheet = workbook.get_sheet_by_name(name)
                if sheet.start is not None:
                    yield from islice(sheet.iter_rows(), MAX_ROWS + 2)
                    return
    except (CalamineError, OSError, ValueError) as error:
        raise _not_xlsx("a workbook that cannot be read") from error
    except BaseException as error:
        # A panic of the Rust reader is no Exception; it must not end the worker.
        if type(error).__name__ != "PanicException":
            raise
        raise _not_xlsx("a workbook that cannot be read") from error


def _not_xlsx(got: str) -> MalformedInput:
    return MalformedInput(
        "not_xlsx", field="file", got=got, wanted="an XLSX workbook or CSV in UTF-8"
    )
