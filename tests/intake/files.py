"""Files that uploads send: CSV from rows, XLSX by another program than our reader's."""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from apps.intake.formats.files import open_rows
from apps.intake.formats.rows import LineError, Row

SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/'
    'spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)

SHEET_PART = "xl/worksheets/sheet1.xml"
RELATIONSHIPS = (
    '<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/worksheet" Target="{}"/><Relationship Id="rId2" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'sharedStrings" Target="strings.xml"/></Relationships>'
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
    return xlsx_with({SHEET_PART: sheet_xml}, level=level)


def xlsx_with(
    parts: Mapping[str, str | bytes],
    *,
    level: int = zipfile.ZIP_DEFLATED,
    of: bytes | None = None,
) -> bytes:
    """A workbook with parts replaced or added; what `of` is not given holds an x."""
    source = zipfile.ZipFile(io.BytesIO(of or xlsx([["x"]])))
    kept = {part.filename: source.read(part) for part in source.infolist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as target:
        for name, data in (kept | dict(parts)).items():
            target.writestr(name, data)
    return out.getvalue()


def xlsx_at(target: str, sheet_xml: str, strings_xml: str = "<sst/>") -> bytes:
    """A workbook whose sheet is at `target` under xl/, with shared strings."""
    return xlsx_with(
        {
            "xl/_rels/workbook.xml.rels": RELATIONSHIPS.format(target),
            "xl/strings.xml": strings_xml,
            f"xl/{target}": sheet_xml,
        }
    )


def read(
    content: bytes, folder: Path, progress: Callable[[], None] = lambda: None
) -> list[Row | LineError]:
    """Everything that the reader yields for a file."""
    path = folder / "file"
    path.write_bytes(content)
    with open_rows(path, progress=progress) as (_total, rows):
        return list(rows)
