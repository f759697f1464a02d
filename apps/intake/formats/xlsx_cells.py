"""What the text of a cell means, by its type and its number format."""

import re
from datetime import date, datetime, time, timedelta
from typing import Final

from apps.intake.formats.rows import Cell
from apps.intake.formats.xlsx_book import Book
from apps.intake.formats.xlsx_parts import not_xlsx

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,4})?")
_INDEX: Final = re.compile("[0-9]{1,7}")
_DAY_ZERO: Final = datetime(1899, 12, 30)  # noqa: DTZ001  # a sheet knows no zone
_DAYS_TO_1904: Final = 1462
_FIRST_OF_MARCH_1900: Final = 61  # before it the phantom 29 February shifts days
_DAY_MILLISECONDS: Final = 86_400_000
_END_DAY: Final = 2_958_466  # 10000-01-01


def read_cell(kind: str, style: str, text: str, book: Book) -> Cell:
    """The value of a cell; "" if it is empty.

    Raises:
        MalformedInput: `not_xlsx`.
    Source: ECMA-376 part 1, 18.3.1.4 and 18.18.11 (ST_CellType).
    """
    if kind in {"inlineStr", "str"} or not text:
        return text
    if kind == "s":
        return _item(book.strings, text, "a shared string")
    if kind == "n":
        return _read_number(style, text, book)
    if kind == "b" and text in {"0", "1"}:
        return text == "1"
    if kind == "d":
        return _read_iso(text)
    raise not_xlsx(f"{text[:40]} in a cell of type {kind[:40]}")


def _item(items: list[str], text: str, noun: str) -> str:
    if not _INDEX.fullmatch(text) or int(text) >= len(items):
        raise not_xlsx(f"{noun} number {text[:40]}")
    return items[int(text)]


def _read_number(style: str, text: str, book: Book) -> Cell:
    if not _NUMBER.fullmatch(text):
        raise not_xlsx(f"{text[:40]} in a cell for numbers")
    number = float(text)
    index = int(style) if _INDEX.fullmatch(style) else 0
    if index < len(book.is_date) and book.is_date[index]:
        return _read_day(number, book)
    return number


def _read_day(number: float, book: Book) -> Cell:
    if 0 <= number < 1:
        return (_DAY_ZERO + timedelta(days=number)).time()
    days = number + (_DAYS_TO_1904 if book.counts_from_1904 else 0)
    if not 0 <= days < _END_DAY:
        return number
    if days < _FIRST_OF_MARCH_1900:
        days += 1
    moment = _DAY_ZERO + timedelta(milliseconds=round(days * _DAY_MILLISECONDS))
    return moment.date() if moment.time() == time() else moment


def _read_iso(text: str) -> date:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise not_xlsx(f"{text[:40]} in a cell for dates") from error
    return moment.date() if moment.time() == time() else moment
