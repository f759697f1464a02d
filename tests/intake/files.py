"""Files that uploads send: CSV from rows, XLSX by another program than our reader's."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from apps.intake.formats.files import open_rows
from apps.intake.formats.rows import LineError, Row

SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/'
    'spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def xlsx(rows: Iterable[Sequence[Any]], **sheets: Iterable[Sequence[Any]]) -> bytes:
    """A workbook of text, number, date and formula cells."""
    workbook = openpyxl.Workbook()
    _fill(workbook.active, rows)
    for name, more in sheets.items():
        _fill(workbook.create_sheet(name), more)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _fill(sheet: Any, rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        sheet.append(list(row))


def xlsx_of(sheet_xml: str, *, level: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook whose one sheet has exactly this XML."""
    source = zipfile.ZipFile(io.BytesIO(xlsx([["x"]])))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as target:
        for part in source.infolist():
            data = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                data = sheet_xml.encode()
            target.writestr(part.filename, data)
    return out.getvalue()


def read(
    content: bytes, folder: Path, progress: Callable[[], None] = lambda: None
) -> list[Row | LineError]:
    """Everything that the reader yields for a file."""
    path = folder / "file"
    path.write_bytes(content)
    with open_rows(path, progress=progress) as (_total, rows):
        return list(rows)
