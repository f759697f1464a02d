"""Labels as printers take them: CSV, ZPL, and sheets in PDF.

Each label bears the pack's GS1 DataMatrix and, in words, GTIN, serial, lot and expiry.
Source: GS1 General Specifications 4.14 (human readable), 5.6 (DataMatrix); ZPL II
Programming Guide, ^BX.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from apps.core.gs1 import get_ai
from apps.scan.labels.pack import Pack

Numbered = tuple[int, Pack]  # the label's number, from 1
_AT_ONCE: Final = 5_000
_FNC1: Final = "_1"  # with _ as the escape character of ^BX
# 50 x 25 mm at 203 dots an inch; modules of 5 dots are 0.63 mm.
_ZPL: Final = (
    "^XA^CI28^PW400^LL200"
    "^FO16,24^BXN,5,200,0,0,6,_,1^FD{data}^FS"
    "^FO176,24^A0N,20,18^FDGTIN {gtin}^FS"
    "^FO176,56^A0N,20,18^FDSN {serial}^FS"
    "^FO176,88^A0N,20,18^FDLOT {lot}^FS"
    "^FO176,120^A0N,20,18^FDEXP {expiry}^FS"
    "^XZ\n"
)


def csv_labels(labels: Iterable[Numbered]) -> Iterator[bytes]:
    """One row a label; the last column is the element string as people read it.

    Nothing is put before a serial that looks like a formula: a printer wants it exact.
    """
    header = ("number", "gtin", "serial", "lot", "expiry_date", "elements")

    def text(part: list[Numbered]) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(_csv_row(each) for each in part)
        return out.getvalue()

    yield (",".join(header) + "\n").encode("ascii")
    yield from _pieces(labels, text)


def zpl_labels(labels: Iterable[Numbered]) -> Iterator[bytes]:
    """One ^XA … ^XZ a label, for printers that speak ZPL II."""

    def text(part: list[Numbered]) -> str:
        return "".join(_zpl(pack) for _number, pack in part)

    yield from _pieces(labels, text)


def zpl_data(pack: Pack) -> str:
    """The field data of ^BX: FNC1 first, and after each element of open length."""
    parts = [_FNC1]
    last = len(pack.elements) - 1
    for place, (ai, value) in enumerate(pack.elements):
        parts.append(ai + value.replace("_", "__"))
        # GS1 General Specifications 7.8.5: predefined lengths end themselves.
        if place < last and not get_ai(ai).is_predefined:
            parts.append(_FNC1)
    return "".join(parts)


def _zpl(pack: Pack) -> str:
    return _ZPL.format(
        data=zpl_data(pack),
        gtin=pack.gtin,
        serial=pack.serial,
        lot=pack.lot,
        expiry=pack.expiry_date.isoformat(),
    )


def _csv_row(numbered: Numbered) -> tuple[str | int, ...]:
    number, pack = numbered
    expiry = pack.expiry_date.isoformat()
    return (number, pack.gtin, pack.serial, pack.lot, expiry, pack.bracketed)


def _pieces(
    labels: Iterable[Numbered], text: Callable[[list[Numbered]], str]
) -> Iterator[bytes]:
    part: list[Numbered] = []
    for label in labels:
        part.append(label)
        if len(part) == _AT_ONCE:
            yield text(part).encode("utf-8")
            part = []
    if part:
        yield text(part).encode("utf-8")
