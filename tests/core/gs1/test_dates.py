"""Two-digit years, day 00 and times of day."""

from __future__ import annotations

from datetime import date, time

import pytest

from apps.core.errors import MalformedInput
from apps.core.gs1 import format_yymmdd, parse_date_time, parse_yymmd0, parse_yymmdd
from apps.core.gs1.dates import resolve_year


@pytest.mark.parametrize(
    ("two_digits", "reference_year", "wanted"),
    [
        (25, 2025, 2025),
        (75, 2025, 2075),
        (76, 2025, 1976),
        (99, 2025, 1999),
        (0, 2025, 2000),
        (0, 2049, 2000),
        (0, 2050, 2100),
        (49, 1999, 2049),
        (50, 1999, 1950),
        (10, 2060, 2110),
        (11, 2060, 2011),
    ],
)
def test_a_year_lies_49_back_to_50_ahead(
    two_digits: int, reference_year: int, wanted: int
) -> None:
    assert resolve_year(two_digits, reference_year=reference_year) == wanted
    assert -49 <= wanted - reference_year <= 50


@pytest.mark.parametrize("reference_year", [9990, 20])
def test_a_year_outside_the_calendar_is_refused(reference_year: int) -> None:
    two_digits = 20 if reference_year > 9000 else 90
    with pytest.raises(MalformedInput) as refusal:
        resolve_year(two_digits, reference_year=reference_year)

    assert refusal.value.code == "bad_year"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("271231", date(2027, 12, 31)),
        ("271200", date(2027, 12, 31)),
        ("280200", date(2028, 2, 29)),
        ("270200", date(2027, 2, 28)),
        ("270400", date(2027, 4, 30)),
    ],
)
def test_day_00_is_the_last_of_its_month(text: str, wanted: date) -> None:
    assert parse_yymmd0(text, reference_year=2025) == wanted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_length"),
        ("27123", "bad_length"),
        ("2712311", "bad_length"),
        ("27123A", "not_digits"),
        ("２71231", "not_digits"),
        ("27-1-1", "not_digits"),
        ("271331", "bad_month"),
        ("270031", "bad_month"),
        ("270000", "bad_month"),
        ("270229", "bad_day"),
        ("270431", "bad_day"),
        ("271232", "bad_day"),
    ],
)
def test_a_malformed_date_is_refused_with_and_without_day_00(
    text: str, code: str
) -> None:
    for parse in (parse_yymmd0, parse_yymmdd):
        with pytest.raises(MalformedInput) as refusal:
            parse(text, reference_year=2025, field="(17)")
        assert (refusal.value.field, refusal.value.code) == ("(17)", code)


def test_day_00_is_refused_where_a_real_day_is_due() -> None:
    with pytest.raises(MalformedInput) as refusal:
        parse_yymmdd("271200", reference_year=2025)

    assert refusal.value.code == "bad_day"


def test_a_leap_day_must_exist_in_its_century() -> None:
    assert parse_yymmdd("000229", reference_year=2025) == date(2000, 2, 29)
    with pytest.raises(MalformedInput) as refusal:
        parse_yymmdd("000229", reference_year=2060)
    assert refusal.value.code == "bad_day"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("271231", (date(2027, 12, 31), None)),
        ("27123114", (date(2027, 12, 31), time(14))),
        ("2712311430", (date(2027, 12, 31), time(14, 30))),
        ("271231143059", (date(2027, 12, 31), time(14, 30, 59))),
    ],
)
def test_a_time_of_day_may_follow(text: str, wanted: tuple[date, time | None]) -> None:
    assert parse_date_time(text, reference_year=2025) == wanted


@pytest.mark.parametrize(
    "clock", ["2", "24", "1260", "143", "14306", "143060", "1430599", "1a", "１４"]
)
def test_a_malformed_time_is_refused(clock: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        parse_date_time(f"271231{clock}", reference_year=2025)

    assert refusal.value.code == "bad_time"


def test_a_date_is_written_back() -> None:
    assert format_yymmdd(date(2027, 2, 3)) == "270203"
    assert format_yymmdd(date(2000, 12, 31)) == "001231"
