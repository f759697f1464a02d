"""Sheets of labels in PDF, numbered parts of them in a zip where there are many.

24 labels on A4. The symbols are written as plain PDF operations: a drawing call for
each module would take ten times as long.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from apps.packaging.formats.labels import Numbered
from apps.scan.labels.pack import Pack
from apps.scan.labels.symbols import datamatrix, runs

COLUMNS: Final = 3
ROWS: Final = 8
PER_SHEET: Final = COLUMNS * ROWS
PER_PART: Final = 100 * PER_SHEET
_WIDTH_MM: Final = 70.0
_HEIGHT_MM: Final = 37.0
_TOP_MM: Final = (297.0 - ROWS * _HEIGHT_MM) / 2
_PAD_MM: Final = 5.0
_SYMBOL_MM: Final = 16.0
_POINTS: Final = 7.0
_LEADING: Final = 10.0
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the same labels give the same bytes


def pdf_labels(labels: Iterable[Numbered], *, count: int) -> Iterator[bytes]:
    """One PDF for up to 2,400 labels; a zip of such parts for more.

    Memory is one part.
    """
    waiting = iter(labels)
    if count <= PER_PART:
        yield draw_part([pack for _number, pack in waiting])
        return
    out = _Pieces()
    with zipfile.ZipFile(out, "w") as archive:
        number = 0
        while part := list(islice(waiting, PER_PART)):
            number += 1
            first, last = part[0][0], part[-1][0]
            name = f"labels-{number:04}-{first}-{last}.pdf"
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            archive.writestr(info, draw_part([pack for _number, pack in part]))
            yield out.taken()
    yield out.taken()


def is_packed(count: int) -> bool:
    """Whether so many labels come as a zip."""
    return count > PER_PART


def draw_part(packs: Iterable[Pack]) -> bytes:
    """A PDF with 24 labels a page, row by row."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    for place, pack in enumerate(packs):
        if place and not place % PER_SHEET:
            canvas.showPage()
        row, column = divmod(place % PER_SHEET, COLUMNS)
        top = A4[1] - (_TOP_MM + row * _HEIGHT_MM) * mm
        _draw_label(canvas, pack, (column * _WIDTH_MM + _PAD_MM) * mm, top)
    canvas.save()
    return buffer.getvalue()


def _draw_label(canvas: Canvas, pack: Pack, left: float, top: float) -> None:
    symbol = _SYMBOL_MM * mm
    bottom = top - _PAD_MM * mm - symbol
    modules = datamatrix(pack)
    size = len(modules)
    scale = symbol / size
    dark = " ".join(
        f"{column} {size - 1 - row} {length} 1 re"
        for column, row, length in runs(modules)
    )
    canvas.addLiteral(
        f"q {scale:.4f} 0 0 {scale:.4f} {left:.2f} {bottom:.2f} cm {dark} f Q"
    )
    text = canvas.beginText(left + symbol + 2 * mm, top - _PAD_MM * mm - _POINTS)
    text.setFont("Courier", _POINTS, _LEADING)
    for name, value in (
        ("GTIN", pack.gtin),
        ("SN", pack.serial),
        ("LOT", pack.lot),
        ("EXP", pack.expiry_date.isoformat()),
    ):
        text.textLine(f"{name} {value}")
    canvas.drawText(text)


class _Pieces:
    """What a zip writes, handed on in pieces; it never goes back."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep a piece."""
        self._kept.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def close(self) -> None:
        """The pieces are taken until the last."""

    def taken(self) -> bytes:
        """All pieces since the last time."""
        data, self._kept = b"".join(self._kept), []
        return data
