"""Sheets of 24 labels on A4: DataMatrix, human readable text, QR code."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from apps.scan.formats.words import expiry_short
from apps.scan.labels.pack import Pack
from apps.scan.labels.symbols import Modules, datamatrix, qr, runs

COLUMNS: Final = 3
ROWS: Final = 8
PER_SHEET: Final = COLUMNS * ROWS
WIDTH_MM: Final = 70.0
HEIGHT_MM: Final = 37.0
_TOP_MM: Final = (297.0 - ROWS * HEIGHT_MM) / 2
_PAD_MM: Final = 4.5
_SYMBOL_MM: Final = 17.5
_NAME_POINTS: Final = 7.5
_TEXT_POINTS: Final = 5.6
_LEADING: Final = 7.2


def draw_sheets(packs: Sequence[Pack], *, stem: str, title: str) -> bytes:
    """A PDF with 24 labels a page, row by row.

    Args:
        stem: address under which the QR codes' links resolve.
    """
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(_printable(title))
    for number, pack in enumerate(packs):
        place = number % PER_SHEET
        if number and not place:
            canvas.showPage()
        row, column = divmod(place, COLUMNS)
        top = A4[1] - (_TOP_MM + row * HEIGHT_MM) * mm
        _draw_label(canvas, pack, column * WIDTH_MM * mm, top, stem)
    canvas.save()
    return buffer.getvalue()


def _draw_label(canvas: Canvas, pack: Pack, left: float, top: float, stem: str) -> None:
    pad, symbol = _PAD_MM * mm, _SYMBOL_MM * mm
    _draw_symbol(canvas, datamatrix(pack), left + pad, top - pad, symbol)
    right = left + WIDTH_MM * mm - pad - symbol
    _draw_symbol(canvas, qr(pack, stem=stem), right, top - pad, symbol)
    middle = left + pad + symbol + mm
    _draw_name(canvas, pack, middle, top - pad - 2 * mm, right - middle - mm)
    _draw_text(canvas, pack, left + pad, top - pad - symbol - 3 * mm)


def _draw_symbol(
    canvas: Canvas, modules: Modules, left: float, top: float, side: float
) -> None:
    module = side / len(modules)
    path = canvas.beginPath()
    for column, row, length in runs(modules):
        x, y = left + column * module, top - (row + 1) * module
        path.rect(x, y, length * module, module)
    canvas.drawPath(path, stroke=0, fill=1)


def _draw_name(
    canvas: Canvas, pack: Pack, left: float, top: float, width: float
) -> None:
    text = canvas.beginText(left, top)
    text.setFont("Helvetica-Bold", _NAME_POINTS)
    name = _printable(pack.product)
    for line in simpleSplit(name, "Helvetica-Bold", _NAME_POINTS, width)[:3]:
        text.textLine(line)
    text.setFont("Helvetica", _TEXT_POINTS)
    expiry = expiry_short(pack.expiry_date)
    text.textLine(_printable(_("EXP %(expiry)s") % {"expiry": expiry}))
    canvas.drawText(text)


def _draw_text(canvas: Canvas, pack: Pack, left: float, top: float) -> None:
    for column, pair in enumerate(
        (pack.elements[:1] + pack.elements[3:], pack.elements[1:3])
    ):
        text = canvas.beginText(left + column * 34 * mm, top)
        text.setFont("Courier", _TEXT_POINTS, _LEADING)
        for ai, value in pair:
            text.textLine(f"({ai}){value}")
        canvas.drawText(text)


def _printable(text: str) -> str:
    # The PDF's built-in fonts know Latin-1; the codes themselves need only ASCII.
    return text.encode("latin-1", "replace").decode("latin-1")
