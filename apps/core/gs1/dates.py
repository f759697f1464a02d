"""Two-digit years, day 00 and times of day, as GS1 writes them.

The century slides: a year lies at most 49 years behind and 50 years ahead of the
reference year (GS1 General Specifications 7.12). Who calls names that year; nothing
here reads a clock. Times are local to where the item was marked, without a zone.
"""

from __future__ import annotations

import calendar
from datetime import date, time

from ..errors import MalformedInput
from .charsets import is_digits


def resolve_year(two_digits: int, *, reference_year: int) -> int:
    """The full year of a two-digit one, seen from `reference_year`.

    Raises:
        MalformedInput: `bad_year` if it falls outside the years 1 to 9999.
    """
    century = reference_year - reference_year % 100
    distance = two_digits - reference_year % 100
    if distance >= 51:
        century -= 100
    elif distance <= -50:
        century += 100
    year = century + two_digits
    if not date.min.year <= year <= date.max.year:
        raise MalformedInput("bad_year", got=year, wanted="1 to 9999")
    return year


def parse_yymmdd(text: str, *, reference_year: int, field: str = "date") -> date:
    """Read YYMMDD with a real day.

    Raises:
        MalformedInput: `not_digits`, `bad_length`, `bad_year`, `bad_month`, `bad_day`.
    """
    year, month, day = _numbers(text, reference_year, field)
    return _build(year, month, day, text, field)


def parse_yymmd0(text: str, *, reference_year: int, field: str = "date") -> date:
    """Read YYMMDD where day 00 means the last day of the month (AI 11 to 17).

    Raises:
        MalformedInput: `not_digits`, `bad_length`, `bad_year`, `bad_month`, `bad_day`.
    """
    year, month, day = _numbers(text, reference_year, field)
    if day == 0 and 1 <= month <= 12:
        day = calendar.monthrange(year, month)[1]
    return _build(year, month, day, text, field)


def parse_date_time(
    text: str, *, reference_year: int, field: str = "date_time"
) -> tuple[date, time | None]:
    """Read YYMMDD, then nothing, hh, hhmm or hhmmss (AI 7003, 7011, 8008, 4324).

    Day 00 is read as the last of the month; where an AI forbids it, its linter does.

    Raises:
        MalformedInput: as `parse_yymmd0`, and `bad_time`.
    """
    day = parse_yymmd0(text[:6], reference_year=reference_year, field=field)
    clock = text[6:]
    if not clock:
        return day, None
    if len(clock) not in (2, 4, 6) or not is_digits(clock):
        raise MalformedInput("bad_time", field=field, got=text, wanted="hh[mm[ss]]")
    hour, minute, second = (int(clock[at : at + 2] or "0") for at in (0, 2, 4))
    try:
        return day, time(hour, minute, second)
    except ValueError as error:
        raise MalformedInput(
            "bad_time", field=field, got=text, wanted="a time of day"
        ) from error


def days_of_month(year: int, month: int) -> int:
    """Days of a month of a two-digit year, where 00 is a leap year like 2000."""
    if month == 2:
        return 29 if year % 4 == 0 else 28
    return 30 if month in (4, 6, 9, 11) else 31


def format_yymmdd(day: date) -> str:
    """The six digits of `day`, as AI 11 to 17 carry it."""
    return f"{day.year % 100:02d}{day.month:02d}{day.day:02d}"


def _numbers(text: str, reference_year: int, field: str) -> tuple[int, int, int]:
    if text and not is_digits(text):
        raise MalformedInput("not_digits", field=field, got=text, wanted="YYMMDD")
    if len(text) != 6:
        raise MalformedInput("bad_length", field=field, got=text, wanted="YYMMDD")
    year = resolve_year(int(text[:2]), reference_year=reference_year)
    return year, int(text[2:4]), int(text[4:])


def _build(year: int, month: int, day: int, text: str, field: str) -> date:
    if not 1 <= month <= 12:
        raise MalformedInput("bad_month", field=field, got=text, wanted="01 to 12")
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise MalformedInput(
            "bad_day", field=field, got=text, wanted=f"a day of {year}-{month:02d}"
        )
    return date(year, month, day)
