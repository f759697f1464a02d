"""Scans as they arrive: every form, every spelling of GS, and the lost separator."""

from __future__ import annotations

from datetime import date

import pytest

from apps.core.errors import MalformedInput
from apps.core.gs1 import GS, Gln, Gtin, Lot, Scan, Serial, Sscc, parse_scan
from apps.core.gs1.lost_separator import MAX_SPLITS, list_splits

TODAY = date(2026, 3, 2)
GTIN = Gtin("09521568251204")
HEAD = "010952156825120417271231"
PACK = f"{HEAD}10A123{GS}21S100045"


def _scan(text: str, **more: bool) -> Scan:
    return parse_scan(text, today=TODAY, **more)


def _code(text: str) -> str:
    with pytest.raises(MalformedInput) as refusal:
        _scan(text)
    return refusal.value.code


def _is_the_pack(scan: Scan) -> bool:
    return (scan.kind, scan.gtin, scan.lot, scan.serial, scan.expiry_date) == (
        "pack",
        GTIN,
        Lot("A123"),
        Serial("S100045"),
        date(2027, 12, 31),
    )


@pytest.mark.parametrize(
    ("text", "form", "trust"),
    [
        ("]d2" + PACK, "element_string", "carrier"),
        ("]C1" + PACK, "element_string", "carrier"),
        ("]Q3" + PACK, "element_string", "carrier"),
        ("]d1" + GS + PACK, "element_string", "carrier"),
        (PACK, "element_string", "unmarked"),
        ("\x02" + PACK + "\r\n", "element_string", "unmarked"),
        (
            "(01)09521568251204(17)271231(10)A123(21)S100045",
            "bracketed",
            "unmarked",
        ),
        (
            "(01) 09521568251204 (17) 271231 (10) A123 (21) S100045\t",
            "bracketed",
            "unmarked",
        ),
        (
            "https://id.gs1.org/01/09521568251204/10/A123/21/S100045?17=271231",
            "digital_link",
            "unmarked",
        ),
        (
            "]Q1HTTPS://novamed.example/01/9521568251204/10/A123/21/S100045?17=271200",
            "digital_link",
            "carrier",
        ),
    ],
)
def test_a_pack_is_read_from_every_form(text: str, form: str, trust: str) -> None:
    scan = _scan(text)

    assert _is_the_pack(scan)
    assert (scan.form, scan.trust, scan.raw) == (form, trust, text)
    assert scan.candidates == ()
    assert not scan.is_ambiguous


@pytest.mark.parametrize(
    "separator",
    [
        *("<GS>", "<gs>", "{GS}", "[GS]", "<FNC1>", "{FNC1}", "[FNC1]", "<0x1D>"),
        *("\\x1d", "\\x1D", "\\u001d", "\\u{1D}", "\\035", "\\029", "~d029"),
        *("&#29;", "&#x1D;", "^]", "\u241d"),
    ],
)
def test_a_separator_is_known_in_every_spelling(separator: str) -> None:
    assert _is_the_pack(_scan(PACK.replace(GS, separator)))


def test_a_real_separator_leaves_lookalikes_in_values_alone() -> None:
    scan = _scan(f"{HEAD}10A<GS>1{GS}21S1")

    assert scan.lot == Lot("A<GS>1")


def test_the_symbology_and_the_link_are_kept() -> None:
    scan = _scan("]d1https://novamed.example/x/01/09521568251204/21/S1")

    assert scan.symbology is not None
    assert (scan.symbology.identifier, scan.symbology.name) == ("]d1", "Data Matrix")
    assert scan.link is not None
    assert scan.link.host == "novamed.example"
    assert _scan("]d2" + PACK).symbology is not None
    assert _scan(PACK).symbology is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("9521568251204", "product"),
        ("09521568251204", "product"),
        ("96385074", "product"),
        ("]E09521568251204", "product"),
        ("]E496385074", "product"),
        ("]I119521568251201", "product"),
        ("0109521568251204", "product"),
        ("(01)09521568251204(17)271231", "product"),
        ("(01)09521568251204(10)A", "batch"),
        ("095215680000000017", "sscc"),
        ("00095215680000000017", "sscc"),
        ("]C100095215680000000017", "sscc"),
        ("(00)095215680000000017(02)09521568251204(37)5", "sscc"),
        ("(414)9521568000017(254)X", "location"),
        ("https://id.gs1.org/417/9521568000017", "party"),
        ("(8004)9521568X1", "other"),
    ],
)
def test_a_scan_says_what_it_names(text: str, kind: str) -> None:
    assert _scan(text).kind == kind


def test_keys_become_values() -> None:
    assert _scan("095215680000000017").sscc == Sscc("095215680000000017")
    assert _scan("(414)9521568000017").gln == Gln("9521568000017")
    assert _scan("]E496385074").gtin == Gtin("00000096385074")
    composite = _scan(f"]E09521568251204|]e010A1{GS}21S1")
    assert (composite.gtin, composite.lot) == (GTIN, Lot("A1"))


def test_the_expiry_is_read_with_day_00_and_with_time() -> None:
    assert _scan("(01)09521568251204(17)280200").expiry_date == date(2028, 2, 29)
    assert _scan("(01)09521568251204(7003)2802151200").expiry_date == date(2028, 2, 15)
    assert _scan("(01)09521568251204").expiry_date is None
    with pytest.raises(MalformedInput) as refusal:
        parse_scan("(01)09521568251204(17)000229", today=date(2060, 1, 1))
    assert (refusal.value.field, refusal.value.code) == ("(17)", "bad_day")


def test_a_serial_keeps_its_case() -> None:
    assert _scan("(01)09521568251204(21)aBc").serial == Serial("aBc")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \r\n", "empty"),
        ("]d2", "empty"),
        ("]d1", "empty"),
        ("]", "unknown_symbology"),
        ("]D2" + PACK, "unknown_symbology"),
        ("A" * 2049, "too_long"),
        ("hello", "unreadable_code"),
        ("<script>alert(1)</script>", "unreadable_code"),
        ("\u202e4021528651259010", "unreadable_code"),
        ("[)>\x1e06\x1d9N111", "unknown_ai"),
        ("javascript:alert(1)", "unsupported_scheme"),
        ("data:text/html,x", "unsupported_scheme"),
        ("tel:+41", "unsupported_scheme"),
        ("WIFI:S:x;P:y;;", "unsupported_scheme"),
        ("ftp://id.gs1.org/01/09521568251204", "unsupported_scheme"),
        ("https://a@evil.example/01/09521568251204", "bad_host"),
        ("https://gs1.оrg/01/09521568251204", "bad_uri_character"),
        ("https://example.com/", "no_primary_key"),
        ("]E0952156825120", "bad_length"),
        ("]E4963850AB", "not_digits"),
        ("]E09521568251203", "bad_check_digit"),
        ("]E112", "empty"),
        ("]I119521568251200", "bad_check_digit"),
        ("9521568251203", "bad_check_digit"),
        ("095215680000000018", "bad_check_digit"),
        ("٩٥٢١٥٦٨٢٥١٢٠٤", "unreadable_code"),
        ("01095215682512040119521568251201", "repeated_ai"),
        (f"{PACK}{GS}10B", "repeated_ai"),
        ("(01)09521568251204(37)5", "excluded_ai"),
        (f"0109521568251204{GS}10\x00A", "bad_character"),
    ],
)
def test_what_is_no_scan_is_refused(text: str, code: str) -> None:
    assert _code(text) == code


@pytest.mark.parametrize(
    "tail",
    ["10ABCDEFG21S10004567890", "21S1000456789010ABCDEFG12", "7003271231120010A1"],
)
def test_a_value_that_is_too_long_tells_of_a_lost_separator(tail: str) -> None:
    assert _code(HEAD + tail) == "group_separator_lost"
    assert _code("]d2" + HEAD + tail) == "group_separator_lost"
    with pytest.raises(MalformedInput) as refusal:
        _scan(HEAD + tail, is_separator_safe=True)
    assert refusal.value.code == "too_long"


def test_too_long_beside_a_separator_is_just_too_long() -> None:
    assert _code(f"{HEAD}21S1{GS}10{'A' * 21}") == "too_long"


def test_a_lost_separator_gives_every_reading_and_chooses_none() -> None:
    scan = _scan("]d2" + HEAD + "10A12321S100045")

    assert scan.kind == "ambiguous"
    assert scan.is_ambiguous
    assert (scan.gtin, scan.expiry_date) == (GTIN, date(2027, 12, 31))
    assert (scan.lot, scan.serial) == (None, None)
    assert [(each.lot, each.serial, each.kind) for each in scan.candidates] == [
        (Lot("A12321S100045"), None, "batch"),
        (Lot("A123"), Serial("S100045"), "pack"),
    ]


def test_a_channel_that_carries_gs_leaves_nothing_to_guess() -> None:
    scan = _scan(HEAD + "10A12321S100045", is_separator_safe=True)

    assert scan.kind == "batch"
    assert scan.lot == Lot("A12321S100045")
    assert scan.candidates == ()


def test_a_reading_that_belongs_to_no_item_is_no_candidate() -> None:
    # A serial without a GTIN, an expiry of month 13, a second lot.
    assert _scan("10A21B").candidates == ()
    assert _scan("010952156825120410A17881388").candidates == ()
    assert _scan("010952156825120410A10B").candidates == ()


def test_a_candidate_may_lie_behind_several_cuts() -> None:
    scan = _scan("010952156825120410A121S11727123190X")

    bracketed = [each.elements.to_bracketed() for each in scan.candidates]
    assert bracketed[0] == "(01)09521568251204(10)A121S11727123190X"
    assert "(01)09521568251204(10)A1(21)S1(17)271231(90)X" in bracketed
    assert len(bracketed) == len(set(bracketed))
    counts = [len(each.elements) for each in scan.candidates]
    assert counts == sorted(counts)


def test_what_begins_with_no_identifier_has_no_reading() -> None:
    assert list_splits("ABC") == ()


@pytest.mark.parametrize(
    ("tail", "found"),
    [
        ("90" + "".join(f"9{at % 10}" for at in range(44)), MAX_SPLITS),
        ("90" + "9192939495969798" * 5, MAX_SPLITS),
        # Every path ends in a repeated 240, so the search gives up on its budget.
        ("240A" + "10A21A22A235A243A" * 4 + "240" + "X" * 28, 0),
        ("ABC", 0),
        ("17271332", 0),
    ],
)
def test_the_search_ends_on_hostile_text(tail: str, found: int) -> None:
    splits = list_splits("0109521568251204" + tail)

    assert len(splits) == found
    for split in splits:
        assert split[0] == ("01", GTIN.text)
        assert len({ai for ai, _ in split}) == len(split)
