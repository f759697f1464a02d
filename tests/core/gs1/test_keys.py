"""GTIN, SSCC, GLN, lot and serial: what they accept, and above all what not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.core.errors import MalformedInput
from apps.core.gs1 import (
    Gln,
    Gtin,
    Lot,
    Serial,
    Sscc,
    compute_check_digit,
    compute_check_pair,
    verify_check_digit,
    verify_check_pair,
)

PACK = "09521568251204"
CASE = "19521568251201"
PALLET = "095215680000000017"
MAKER = "9521568000017"


def _refused(function: Callable[[], object]) -> MalformedInput:
    with pytest.raises(MalformedInput) as refusal:
        function()
    return refusal.value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("96385074", "00000096385074"),
        ("614141000036", "00614141000036"),
        ("9521568251204", PACK),
        (CASE, CASE),
    ],
)
def test_a_gtin_of_every_length_has_fourteen_digits(text: str, wanted: str) -> None:
    assert Gtin.parse(text).text == wanted
    assert str(Gtin.parse(text)) == wanted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("952156825120", "bad_check_digit"),
        ("095215682512041", "bad_length"),
        ("9521568251", "bad_length"),
        ("09521568251203", "bad_check_digit"),
        ("0952156825120A", "not_digits"),
        ("０9521568251204", "not_digits"),
        ("09521568251²04", "not_digits"),
        (" 9521568251204", "not_digits"),
        ("+9521568251204", "not_digits"),
        ("0952156825\x001204", "not_digits"),
    ],
)
def test_a_malformed_gtin_is_refused(text: str, code: str) -> None:
    assert _refused(lambda: Gtin.parse(text)).code == code


def test_a_refused_check_digit_names_the_right_one() -> None:
    refusal = _refused(lambda: Gtin.parse("09521568251203"))

    assert refusal.field == "gtin"
    assert refusal.got == "09521568251203"
    assert refusal.wanted == "check digit 4"


def test_a_gtin_cannot_be_made_wrong() -> None:
    assert _refused(lambda: Gtin("96385074")).code == "bad_length"
    assert _refused(lambda: Gtin("09521568251203")).code == "bad_check_digit"


def test_the_indicator_leads_from_pack_to_case_and_back() -> None:
    pack, case = Gtin(PACK), Gtin(CASE)

    assert (pack.indicator, case.indicator) == (0, 1)
    assert pack.with_indicator(1) == case
    assert case.with_indicator(0) == pack
    assert case.gtin13 is None
    assert _refused(lambda: pack.with_indicator(10)).code == "bad_indicator"
    assert _refused(lambda: pack.with_indicator(-1)).code == "bad_indicator"


@pytest.mark.parametrize(
    ("key", "prefix", "wanted"),
    [
        (Gtin(PACK), "952156", True),
        (Gtin(CASE), "952156825", True),
        (Gtin(CASE), "195215", False),
        (Gtin(PACK), "0952156", False),
        (Gtin(PACK), "952157", False),
        (Sscc(PALLET), "9521568", True),
        (Sscc(PALLET), "0952156", False),
        (Gln(MAKER), "9521568", True),
        (Gln(MAKER), "5215680", False),
    ],
)
def test_the_company_prefix_starts_after_indicator_or_extension(
    key: Gtin | Sscc | Gln, prefix: str, wanted: bool
) -> None:
    assert key.has_prefix(prefix) is wanted


@pytest.mark.parametrize(
    "prefix", ["", "952", "9521568251204", "95A1", "٩٥٢١", " 9521"]
)
@pytest.mark.parametrize("key", [Gtin(PACK), Sscc(PALLET), Gln(MAKER)])
def test_a_malformed_prefix_matches_nothing_but_is_refused(
    key: Gtin | Sscc | Gln, prefix: str
) -> None:
    assert _refused(lambda: key.has_prefix(prefix)).code == "bad_gs1_prefix"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("09521568000000001", "bad_length"),
        ("095215680000000018", "bad_check_digit"),
        ("(00)95215680000017", "not_digits"),
    ],
)
def test_a_malformed_sscc_is_refused(text: str, code: str) -> None:
    refusal = _refused(lambda: Sscc.parse(text))

    assert (refusal.field, refusal.code) == ("sscc", code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("952156800001", "bad_length"),
        ("09521568000017", "bad_length"),
        ("9521568000018", "bad_check_digit"),
        ("95215680000１7", "not_digits"),
    ],
)
def test_a_malformed_gln_is_refused(text: str, code: str) -> None:
    refusal = _refused(lambda: Gln.parse(text))

    assert (refusal.field, refusal.code) == ("gln", code)


def test_sscc_and_gln_read_and_print() -> None:
    assert str(Sscc.parse(PALLET)) == PALLET
    assert Sscc.parse("106141412345678908").extension == 1
    assert str(Gln.parse(MAKER)) == MAKER


@pytest.mark.parametrize("kind", [Lot, Serial])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("A" * 21, "too_long"),
        ("A B", "bad_character"),
        ("A\x1d1", "bad_character"),
        ("Ä1", "bad_character"),
        ("А1", "bad_character"),  # a Cyrillic А
        ("A\u200b1", "bad_character"),
        ("A#1", "bad_character"),
        ("A^1", "bad_character"),
        ("\ud800", "bad_character"),
    ],
)
def test_a_malformed_lot_or_serial_is_refused(
    kind: type[Lot | Serial], text: str, code: str
) -> None:
    refusal = _refused(lambda: kind.parse(text))

    assert (refusal.field, refusal.code) == (kind.__name__.lower(), code)


@pytest.mark.parametrize("kind", [Lot, Serial])
def test_a_lot_or_serial_keeps_case_and_signs(kind: type[Lot | Serial]) -> None:
    assert str(kind.parse("aB-/_.%&'()*+<>?=")) == "aB-/_.%&'()*+<>?="
    assert kind.parse("a") != kind.parse("A")
    assert len(kind.parse("X" * 20).text) == 20


def test_check_digits_need_digits() -> None:
    assert compute_check_digit("629104150021") == 3
    assert _refused(lambda: compute_check_digit("")).code == "empty"
    assert _refused(lambda: compute_check_digit("12a")).code == "not_digits"
    assert _refused(lambda: verify_check_digit("")).code == "empty"
    assert _refused(lambda: verify_check_digit("7")).code == "empty"


def test_the_check_pair_of_a_model_number_is_computed_and_verified() -> None:
    assert compute_check_pair("1987654Ad4X4bL5ttr2310c") == "2K"
    verify_check_pair("1987654Ad4X4bL5ttr2310c2K", "gmn")
    refusal = _refused(lambda: verify_check_pair("1987654Ad4X4bL5ttr2310cK2", "gmn"))
    assert (refusal.field, refusal.code) == ("gmn", "bad_check_pair")
    assert _refused(lambda: compute_check_pair("A" * 98)).code == "too_long"
