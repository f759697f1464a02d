"""Element strings and bracketed text, and what belongs together on one item."""

from __future__ import annotations

import pytest

from apps.core.errors import MalformedInput
from apps.core.gs1 import (
    GS,
    ElementString,
    build_bracketed,
    build_element_string,
    parse_bracketed,
    parse_element_string,
    verify_associations,
    verify_value,
)

PACK = (
    ("01", "09521568251204"),
    ("17", "271231"),
    ("10", "A123"),
    ("21", "S100045"),
)
PACK_TEXT = f"01095215682512041727123110A123{GS}21S100045"
PACK_BRACKETED = "(01)09521568251204(17)271231(10)A123(21)S100045"


@pytest.mark.parametrize(
    "text",
    [
        PACK_TEXT,
        GS + PACK_TEXT,
        PACK_TEXT + GS,
        PACK_TEXT.replace(GS, GS + GS),
        f"0109521568251204{GS}17271231{GS}10A123{GS}21S100045",
        "]d2" + PACK_TEXT,
        "]C1" + PACK_TEXT,
        "]Q3" + PACK_TEXT,
        "]e0" + PACK_TEXT,
        "]J1" + PACK_TEXT,
        "]d5" + PACK_TEXT,
        "]d8" + PACK_TEXT,
    ],
)
def test_an_element_string_is_read_in_its_order(text: str) -> None:
    found = parse_element_string(text)

    assert found.elements == PACK
    assert list(found) == list(PACK)
    assert len(found) == 4
    assert found.value("10") == "A123"
    assert found.value("11") is None


def test_elements_are_written_back() -> None:
    found = ElementString.of(PACK)

    assert found.to_text() == build_element_string(PACK) == PACK_TEXT
    assert found.to_bracketed() == build_bracketed(PACK) == PACK_BRACKETED
    assert parse_bracketed(PACK_BRACKETED) == found
    assert parse_bracketed(" (01) 09521568251204 (10)A1 ").elements == (
        ("01", "09521568251204"),
        ("10", "A1"),
    )


def test_no_separator_follows_what_has_a_predefined_length_or_comes_last() -> None:
    assert build_element_string([("10", "A"), ("17", "271231")]) == f"10A{GS}17271231"
    assert build_element_string([("17", "271231"), ("10", "A")]) == "1727123110A"


def test_a_workstation_may_name_its_own_separator() -> None:
    found = parse_element_string("010952156825120410A|21B#17271231", separators="|#")

    assert found.value("10") == "A"
    assert found.value("17") == "271231"


def test_a_bracket_in_a_value_is_marked() -> None:
    found = ElementString.of([("10", "A(B)"), ("21", "((")])

    assert found.to_bracketed() == r"(10)A\(B)(21)\(\("
    assert parse_bracketed(found.to_bracketed()) == found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (GS, "empty"),
        ("]d2", "empty"),
        ("]d1" + PACK_TEXT, "not_gs1_symbology"),
        ("]C0" + PACK_TEXT, "not_gs1_symbology"),
        ("]E09521568251204", "not_gs1_symbology"),
        ("]X0" + PACK_TEXT, "unknown_symbology"),
        ("]d" + GS, "unknown_symbology"),
        ("]", "unknown_symbology"),
        ("0409521568251204", "unknown_ai"),
        ("ABC", "unknown_ai"),
        ("٠١09521568251204", "unknown_ai"),
        ("010952156825120", "too_short"),
        ("01095215682512041", "unknown_ai"),
        ("01095215682512" + GS + "04", "not_digits"),
        ("0109521568251203", "bad_check_digit"),
        ("17271331", "bad_month"),
        ("17270229", "bad_day"),
        ("10", "empty"),
        (f"10{GS}21A", "empty"),
        ("10" + "A" * 21, "too_long"),
        ("10A^21B", "bad_character"),
        ("10A<GS>21É", "bad_character"),
        ("3103A00100", "not_digits"),
        ("10A" * 1400, "too_long"),
        (f"10A{GS}" * 65, "too_many_elements"),
    ],
)
def test_a_malformed_element_string_is_refused(text: str, code: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        parse_element_string(text)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("(", "bad_brackets"),
        ("(01", "bad_brackets"),
        ("0109521568251204", "bad_brackets"),
        ("(01)09521568251204(x)", "bad_brackets"),
        ("(10)A(B)", "bad_brackets"),
        ("(٠١)09521568251204", "bad_brackets"),
        ("(1)A", "bad_brackets"),
        ("(00001)A", "bad_brackets"),
        ("(04)A", "unknown_ai"),
        ("(10)", "empty"),
        ("(10) ", "empty"),
        ("(10)A B", "bad_character"),
        ("(10)A\\", "bad_character"),
        ("(10)A\\\n(21)B", "bad_character"),
        ("(10)A" * 65, "too_many_elements"),
        ("(10)" * 2000, "too_long"),
    ],
)
def test_malformed_brackets_are_refused(text: str, code: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        parse_bracketed(text)

    assert refusal.value.code == code


def test_a_refusal_names_the_identifier() -> None:
    with pytest.raises(MalformedInput) as refusal:
        parse_element_string("0109521568251203")

    assert refusal.value.field == "(01)"
    assert refusal.value.wanted == "check digit 4"


@pytest.mark.parametrize(
    ("ai", "value", "code"),
    [
        ("8003", "112345678901281", "not_zero"),
        ("7003", "271200", "bad_day"),
        ("7003", "271231", "too_short"),
        ("8008", "27123124", "bad_hour"),
        ("4309", "18000000010000000000", "bad_latitude"),
        ("7040", "1AB=", "bad_import_index"),
        ("8010", "123456a", "bad_character"),
        ("8030", "AB:C", "bad_character"),
        ("8110", "0123456", "coupon_truncated_offer_code"),
        ("8004", "12A456", "bad_gs1_prefix"),
        ("8004", "123", "too_short"),
        ("8110", "0123456A", "not_digits"),
        ("8112", "A", "not_digits"),
        ("7241", "00", "bad_media_type"),
        ("7241", "11", "bad_media_type"),
        ("7030", "998ABC", "bad_country"),
        ("8043", "1" * 21, "too_long"),
        ("8007", "GB98midl07009312345678", "bad_character"),
        ("99", "", "empty"),
        (
            "8110",
            "01234561234561111012332001014200102",
            "coupon_expiration_before_start",
        ),
    ],
)
def test_a_value_is_judged_by_its_components(ai: str, value: str, code: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        verify_value(ai, value)

    assert (refusal.value.field, refusal.value.code) == (f"({ai})", code)


@pytest.mark.parametrize(
    ("ai", "value"),
    [
        ("7030", "999ABC"),
        ("7003", "2712311430"),
        ("8043", "1" * 18),
        ("8043", "1" * 19),
        ("7007", "271201271231"),
        ("8030", "QUJD"),
        ("7241", "10"),
        ("4330", "000100-"),
        ("8013", "1987654Ad4X4bL5ttr2310c2K"),
    ],
)
def test_a_good_value_passes(ai: str, value: str) -> None:
    verify_value(ai, value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(01)09521568251204(01)19521568251201", "repeated_ai"),
        ("(01)09521568251204(10)A(10)B", "repeated_ai"),
        ("(01)09521568251204(37)5", "excluded_ai"),
        (
            "(01)09521568251204(02)19521568251201(37)5(00)095215680000000017",
            "excluded_ai",
        ),
        ("(01)09521568251204(3101)000100(3103)000100", "excluded_ai"),
        ("(21)S1", "missing_companion"),
        ("(10)A", "missing_companion"),
        ("(17)271231", "missing_companion"),
        ("(02)09521568251204", "missing_companion"),
        ("(254)X", "missing_companion"),
        ("(8030)QUJD(253)1234567890128", "missing_serial"),
    ],
)
def test_what_does_not_belong_together_is_refused(text: str, code: str) -> None:
    elements = parse_bracketed(text)

    with pytest.raises(MalformedInput) as refusal:
        verify_associations(elements)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        PACK_BRACKETED,
        "(01)09521568251204(10)A(10)A",
        "(00)095215680000000017(02)09521568251204(37)5(10)A",
        "(414)9521568000017(254)X",
        "(01)09521568251204(21)S(8030)QUJD",
    ],
)
def test_what_belongs_together_passes(text: str) -> None:
    verify_associations(parse_bracketed(text))


def test_an_unknown_identifier_has_no_associations() -> None:
    with pytest.raises(MalformedInput) as refusal:
        verify_associations([("89", "X")])

    assert refusal.value.code == "unknown_ai"
