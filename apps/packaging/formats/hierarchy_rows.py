"""Rows of pallet, case and serial; CSV and XLSX give the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from apps.core.epcis import PackEpc, SsccEpc
from apps.core.errors import MalformedInput
from apps.core.gs1 import parse_scan
from apps.core.gs1.keys import Gtin, Serial, Sscc
from apps.intake.formats.rows import Cell, LineError, Row
from apps.packaging.formats.hierarchy import Hierarchy

_NAMES: Final = {
    "pallet": "pallet",
    "pallet sscc": "pallet",
    "pallet_sscc": "pallet",
    "case": "case",
    "carton": "case",
    "case sscc": "case",
    "case_sscc": "case",
    "serial": "serial",
    "serial number": "serial",
    "serial_number": "serial",
    "21": "serial",
    "gtin": "gtin",
    "01": "gtin",
}
_POSITIONS: Final = ("pallet", "case", "serial", "gtin")
_SERIAL: Final = re.compile(r'[!"%-?A-Z_a-z]{1,20}')  # GS1 set 82
_AS_TEXT: Final = "text: format the column as text, digits may be lost"


@dataclass(slots=True)
class RowReader:
    """Takes rows one after the other into a hierarchy."""

    gtin: str
    today: date
    tree: Hierarchy = field(default_factory=Hierarchy)
    header_line: int = -1  # -1: the file has none
    _columns: tuple[str, ...] | None = None
    _known: dict[str, str] = field(default_factory=dict)  # EPC by how it is written

    def take(self, row: Row) -> LineError | None:
        """Keep what the row says, or say what is wrong with it."""
        try:
            if self._columns is None:
                columns = _read_header(row.cells)
                self._columns = columns or _POSITIONS
                if columns:
                    self.header_line = row.line_no
                    return None
            self._take_cells(row)
        except MalformedInput as error:
            return LineError.of(error, line_no=row.line_no, row=row.text)
        return None

    def _take_cells(self, row: Row) -> None:
        cells = _texts(self._columns or _POSITIONS, row.cells)
        if (gtin := cells.get("gtin", "")) and str(Gtin.parse(gtin)) != self.gtin:
            raise MalformedInput("other_gtin", field="gtin", got=gtin, wanted=self.gtin)
        pallet = self._epc(cells.get("pallet", ""), "pallet")
        case = self._epc(cells.get("case", ""), "case")
        serial = cells.get("serial", "")
        if not _SERIAL.fullmatch(serial):
            Serial.parse(serial)  # raises: its words are the ground's own
        self.tree.put_pack(serial, case or pallet, row.line_no)
        if case and pallet:
            self.tree.put_box(case, pallet, row.line_no)

    def _epc(self, text: str, name: str) -> str:
        if not text:
            return ""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = read_container(text, name, today=self.today)
        return known


def read_container(text: str, field: str, *, today: date) -> str:
    """The canonical EPC of an SSCC or of a case's GTIN and serial, however written.

    Raises:
        MalformedInput: `bad_check_digit`, `bad_length`, `not_a_container`, or as
            `parse_scan`.
    """
    if text.isascii() and text.isdigit():
        digits = text[2:] if len(text) == 20 and text.startswith("00") else text
        return SsccEpc(Sscc.parse(digits).text).uri
    try:
        scan = parse_scan(text, today=today)
    except MalformedInput as error:
        error.locate(field)
        raise
    if scan.sscc is not None:
        return SsccEpc(scan.sscc.text).uri
    if scan.gtin is not None and scan.serial is not None:
        return PackEpc(scan.gtin.text, scan.serial.text).uri
    raise MalformedInput(
        "not_a_container", field=field, got=text, wanted="an SSCC, or GTIN and serial"
    )


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
                wanted="pallet, case, serial, gtin, each once",
            )
    return tuple(names)


def _texts(columns: Sequence[str], cells: Sequence[Cell]) -> dict[str, str]:
    if len(cells) > len(columns):
        raise MalformedInput(
            "too_many_columns", got=len(cells), wanted=", ".join(columns)
        )
    found: dict[str, str] = {}
    for name, cell in zip(columns, cells, strict=False):
        if not isinstance(cell, str):
            raise MalformedInput("not_text", field=name, got=cell, wanted=_AS_TEXT)
        found[name] = cell
    return found
