import datetime

import pytest

from apps.core.errors import MalformedInput
from apps.intake.formats.check import LotFacts, RowCheck
from apps.intake.formats.rows import Row

GTIN = "09521568251204"
FACTS = LotFacts(GTIN, "A123", datetime.date(2028, 2, 29))


@pytest.fixture
def check():
    return RowCheck(FACTS, at_year=2026)


def _take_all(check, *rows):
    return [
        check.take(Row(number, cells)) for number, cells in enumerate(rows, start=1)
    ]


def test_serials_are_kept_with_their_lines_in_file_order(check):
    errors = _take_all(check, ("B2",), ("A1",), ("a1",))

    assert errors == [None, None, None]
    assert list(check.serials.items()) == [("B2", 1), ("A1", 2), ("a1", 3)]


def test_a_header_names_the_columns_in_any_order(check):
    errors = _take_all(
        check,
        ("Lot", "Serial Number", "EXP", "gtin"),
        ("A123", "S1", "2028-02-29", GTIN),
    )

    assert errors == [None, None]
    assert check.serials == {"S1": 2}


def test_without_a_header_the_first_row_is_goods(check):
    assert _take_all(check, ("S1", GTIN, "A123", "280229")) == [None]
    assert check.serials == {"S1": 1}


@pytest.mark.parametrize("expiry", ["2028-02-29", "280200", FACTS.expiry_date])
def test_an_expiry_may_be_written_as_gs1_does(check, expiry):
    assert _take_all(check, ("S1", GTIN, "A123", expiry)) == [None]


def test_a_gtin_that_lost_its_zeros_is_proven_by_its_check_digit(check):
    assert _take_all(check, ("S1", 9521568251204.0), ("S2", "9521568251204")) == [
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("cells", "code", "field"),
    [
        (("",), "empty", "serial"),
        ((), "empty", "serial"),
        (("A" * 21,), "too_long", "serial"),
        (("A B",), "bad_character", "serial"),
        (("Ａ１",), "bad_character", "serial"),
        (("S\u200b1",), "bad_character", "serial"),
        (("А1",), "bad_character", "serial"),
        ((12.0,), "not_text", "serial"),
        ((12,), "not_text", "serial"),
        ((True,), "not_text", "serial"),
        ((datetime.date(2028, 1, 1),), "not_text", "serial"),
        (("1.23457E+11",), "mangled_by_spreadsheet", "serial"),
        (('="0012"',), "mangled_by_spreadsheet", "serial"),
        (("S1", "09521568251203"), "bad_check_digit", "gtin"),
        (("S1", "0952156825120"), "bad_check_digit", "gtin"),
        (("S1", "x"), "not_digits", "gtin"),
        (("S1", "095215682512041"), "bad_length", "gtin"),
        (("S1", "09521568251211"), "other_gtin", "gtin"),
        (("S1", True), "not_text", "gtin"),
        (("S1", 1e300), "not_text", "gtin"),
        (("S1", "", "B99"), "other_lot", "lot"),
        (("S1", "", "a123"), "other_lot", "lot"),
        (("S1", "", 123.0), "not_text", "lot"),
        (("S1", "", "", "2028-03-01"), "other_expiry", "expiry"),
        (("S1", "", "", "2028-02-30"), "bad_date", "expiry"),
        (("S1", "", "", "29.02.2028"), "bad_date", "expiry"),
        (("S1", "", "", 1.5), "not_text", "expiry"),
        (("S1", "", "", "", "more"), "too_many_columns", ""),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(check, cells, code, field):
    (error,) = _take_all(check, cells)

    assert error is not None
    assert (error.line_no, error.code, error.field) == (1, code, field)
    assert check.serials == {}


def test_a_serial_twice_names_the_first_line(check):
    errors = _take_all(check, ("S1",), ("S2",), ("S1",))

    assert errors[2] is not None
    assert errors[2].code == "serial_repeated"
    assert errors[2].wanted == "each serial once; it stands on line 1 already"
    assert len(check.serials) == 2


@pytest.mark.parametrize(
    "header", [("serial", "colour"), ("serial", "sn"), ("serial", "")]
)
def test_a_header_that_is_not_understood_refuses_the_file(check, header):
    with pytest.raises(MalformedInput) as caught:
        _take_all(check, header)

    assert (caught.value.code, caught.value.field) == ("unknown_column", "header")
