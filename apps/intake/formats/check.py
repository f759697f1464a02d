"""The check of one row against the lot that the form names, and against the file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from apps.core.encoding import parse_date
from apps.core.errors import MalformedInput
from apps.core.gs1.dates import parse_yymmd0
from apps.core.gs1.keys import Gtin, Serial
from apps.intake.formats.rows import Cell, LineError, Row, clip

_NAMES: Final = {
    "serial": "serial",
    "serials": "serial",
    "serial number": "serial",
    "serial_number": "serial",
    "serialnumber": "serial",
    "sn": "serial",
    "21": "serial",
    "gtin": "gtin",
    "01": "gtin",
    "lot": "lot",
    "batch": "lot",
    "lot number": "lot",
    "10": "lot",
    "expiry": "expiry",
    "expiry date": "expiry",
    "expiry_date": "expiry",
    "exp": "expiry",
    "17": "expiry",
}
_POSITIONS: Final = ("serial", "gtin", "lot", "expiry")
_BESIDE: Final = ("gtin", "lot", "expiry")
_MAX_REMEMBERED: Final = 1_000
_SERIAL: Final = re.compile(r'[!"%-?A-Z_a-z]{1,20}')  # GS1 set 82
# What spreadsheets leave of a serial: 1.23457E+11, ="0012", 'text.
_MANGLED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+|=\".*\"")
_AS_TEXT: Final = "text: format the column as text, leading zeros may be lost"


COUNTED: Final = LineError(0, "counted")  # one more, of which nobody reads


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What the form says about every row of the file."""

    gtin: str
    lot: str
    expiry_date: date


@dataclass(slots=True)
class RowCheck:
    """Checks rows one after the other; remembers what it has seen.

    `serials` maps each good serial to its line, in file order. Once `is_full` is set
    nobody reads what is wrong any more: then rows that are plainly wrong are counted.
    """

    facts: LotFacts
    at_year: int
    serials: dict[str, int] = field(default_factory=dict)
    header_line: int = -1  # -1: the file has none
    is_full: bool = False
    _columns: tuple[str, ...] | None = None
    # Cells beside the serial that were judged, whatever stood around them.
    _accepted: set[tuple[str, Cell]] = field(default_factory=set)
    _refused: set[tuple[str, Cell]] = field(default_factory=set)

    def take(self, row: Row) -> LineError | None:
        """Keep the row's serial, or say what is wrong with the row."""
        if self._columns is None:
            columns = _read_header(row.cells)
            self._columns = columns or _POSITIONS
            if columns:
                self.header_line = row.line_no
                return None
        try:
            cells = self._name_cells(row.cells)
            if self.is_full and self._is_plainly_wrong(cells):
                return COUNTED
            self._take_cells(row.line_no, cells)
        except MalformedInput as error:
            self._remember(error.field, row.cells)
            return LineError.of(error, line_no=row.line_no, row=row.text)
        return None

    def _remember(self, name: str, cells: Sequence[Cell]) -> None:
        """Keep what was refused for itself: the same cell is wrong on every row."""
        columns = self._columns or _POSITIONS
        if name in _BESIDE and len(self._refused) < _MAX_REMEMBERED:
            self._refused.add((name, cells[columns.index(name)]))

    def _is_plainly_wrong(self, cells: dict[str, Cell]) -> bool:
        serial = cells.get("serial", "")
        return (
            not isinstance(serial, str)
            or serial in self.serials
            or not _SERIAL.fullmatch(serial)
            or not self._refused.isdisjoint(cells.items())
        )

    def _name_cells(self, cells: Sequence[Cell]) -> dict[str, Cell]:
        columns = self._columns or _POSITIONS
        if len(cells) > len(columns):
            raise MalformedInput(
                "too_many_columns",
                got=len(cells),
                wanted="quotes around a serial that holds the delimiter; "
                + ", ".join(columns),
            )
        return dict(zip(columns, cells, strict=False))

    def _take_cells(self, line_no: int, cells: dict[str, Cell]) -> None:
        for name in _BESIDE:
            cell = cells.get(name, "")
            if cell != "" and (name, cell) not in self._accepted:
                self._verify_beside(name, cell)
        serial = _read_serial(cells.get("serial", ""))
        first_line = self.serials.setdefault(serial, line_no)
        if first_line != line_no:
            raise MalformedInput(
                "serial_repeated",
                field="serial",
                got=serial,
                wanted=f"each serial once; it stands on line {first_line} already",
            )

    def _verify_beside(self, name: str, cell: Cell) -> None:
        """Check a cell beside the serial; mostly it is the same on every row."""
        if name == "gtin":
            self._verify_gtin(cell)
        elif name == "lot":
            self._verify_lot(cell)
        else:
            self._verify_expiry(cell)
        if len(self._accepted) < _MAX_REMEMBERED:
            self._accepted.add((name, cell))

    def _verify_gtin(self, cell: Cell) -> None:
        text = cell if isinstance(cell, str) else _whole_number(cell, field="gtin")
        # A number has lost its leading zeros; the check digit proves the rest.
        gtin = Gtin.parse(text if isinstance(cell, str) else text.zfill(14))
        if str(gtin) != self.facts.gtin:
            raise MalformedInput(
                "other_gtin", field="gtin", got=text, wanted=self.facts.gtin
            )

    def _verify_lot(self, cell: Cell) -> None:
        if not isinstance(cell, str):
            raise MalformedInput("not_text", field="lot", got=cell, wanted=_AS_TEXT)
        if cell != self.facts.lot:
            raise MalformedInput(
                "other_lot", field="lot", got=cell, wanted=self.facts.lot
            )

    def _verify_expiry(self, cell: Cell) -> None:
        day = self._read_day(cell)
        if day != self.facts.expiry_date:
            raise MalformedInput(
                "other_expiry",
                field="expiry",
                got=clip(str(cell)),
                wanted=self.facts.expiry_date.isoformat(),
            )

    def _read_day(self, cell: Cell) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        text = cell if isinstance(cell, str) else _whole_number(cell, field="expiry")
        if len(text) == 6 and text.isascii() and text.isdigit():
            return parse_yymmd0(text, reference_year=self.at_year, field="expiry")
        return parse_date(text, field="expiry")


def _read_header(cells: Sequence[Cell]) -> tuple[str, ...] | None:
    """The columns that the first row names; None if it is a row of goods."""
    words = [str(cell).strip().lower() for cell in cells]
    names = [_NAMES.get(word, "") for word in words]
    if "serial" not in names:
        return None
    for word, name in zip(words, names, strict=True):
        if not name or names.count(name) > 1:
            raise MalformedInput(
                "unknown_column",
                field="header",
                got=word,
                wanted="serial, gtin, lot, expiry, each once",
            )
    return tuple(names)


def _read_serial(cell: Cell) -> str:
    if not isinstance(cell, str):
        raise MalformedInput("not_text", field="serial", got=cell, wanted=_AS_TEXT)
    if _MANGLED.fullmatch(cell):
        raise MalformedInput(
            "mangled_by_spreadsheet", field="serial", got=cell, wanted=_AS_TEXT
        )
    if _SERIAL.fullmatch(cell):
        return cell
    return str(Serial.parse(cell))  # raises: its words are the ground's own


def _whole_number(cell: Cell, *, field: str) -> str:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        number = float(cell)
        if number.is_integer() and 0 <= number < 1e15:
            return str(int(number))
    raise MalformedInput("not_text", field=field, got=cell, wanted=_AS_TEXT)
