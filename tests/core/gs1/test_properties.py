"""What holds for any input: round trips, refusals, check digits, dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.core.gs1 import (
    GS,
    ElementString,
    Gtin,
    Sscc,
    build_digital_link,
    compute_check_digit,
    compute_check_pair,
    format_yymmdd,
    parse_bracketed,
    parse_date_time,
    parse_digital_link,
    parse_element_string,
    parse_scan,
    parse_yymmd0,
    verify_check_digit,
    verify_check_pair,
)
from apps.core.gs1.charsets import CSET82_TEXT
from apps.core.gs1.linters import LINTERS
from apps.core.gs1.percent import decode_path, decode_query, encode_path, encode_query

TODAY = date(2026, 3, 2)

digits = st.text("0123456789", min_size=13, max_size=13)
words = st.text(CSET82_TEXT, min_size=1, max_size=20)
expiries = st.dates(date(1977, 1, 1), date(2075, 12, 31))
gtins = digits.map(lambda text: f"{text}{compute_check_digit(text)}")
packs = st.tuples(gtins, expiries.map(format_yymmdd), words, words).map(
    lambda parts: tuple(zip(("01", "17", "10", "21"), parts, strict=True))
)
# Text that looks like scans more often than chance would make it.
pieces = st.sampled_from(
    [
        *("]d2", "]C1", "]E0", GS, "<GS>", "(01)", "(10)", "(", ")", "01", "10", "21"),
        *("17", "271231", "09521568251204", "00", "8008", "7003", "90", "A", "0"),
        *("https://", "id.gs1.org", "/", "?", "&", "=", "%", "%2", "#", "|]e0", "\\"),
        *("٠", "\ud800", "\x00", " "),
    ]
)


def _refusal(function: Callable[[], object]) -> MalformedInput | None:
    """The refusal of `function`, None if it accepts; anything else escapes."""
    try:
        function()
    except MalformedInput as refusal:
        return refusal
    return None


texts = st.one_of(st.text(max_size=80), st.lists(pieces, max_size=14).map("".join))


@given(packs)
def test_a_pack_survives_every_form(pack: tuple[tuple[str, str], ...]) -> None:
    elements = ElementString.of(pack)

    assert parse_element_string(elements.to_text()) == elements
    assert parse_bracketed(elements.to_bracketed()) == elements
    link = parse_digital_link(build_digital_link(elements))
    assert sorted(link.elements) == sorted(pack)
    assert link.to_canonical() == build_digital_link(elements)


@given(packs)
def test_every_form_of_a_pack_scans_alike(pack: tuple[tuple[str, str], ...]) -> None:
    elements = ElementString.of(pack)

    scans = [
        parse_scan(text, today=TODAY)
        for text in (
            "]d2" + elements.to_text(),
            elements.to_text(),
            elements.to_bracketed(),
            build_digital_link(elements),
        )
    ]

    wanted = [value for _, value in pack]
    for scan in scans:
        assert scan.kind == "pack"
        assert scan.expiry_date is not None
        found = (scan.gtin, format_yymmdd(scan.expiry_date), scan.lot, scan.serial)
        assert [str(each) for each in found] == wanted
        assert scan.candidates == ()


@given(packs)
def test_a_lost_separator_never_hides_the_truth(
    pack: tuple[tuple[str, str], ...],
) -> None:
    """The true reading is among the candidates, or the scan is refused."""
    text = ElementString.of(pack).to_text(separator="")
    try:
        scan = parse_scan(text, today=TODAY)
    except MalformedInput:
        return

    assert scan.is_ambiguous
    assert scan.serial is None
    found = [each.elements.elements for each in scan.candidates]
    assert pack in found or len(found) == 64


@given(texts)
def test_any_text_gives_a_value_or_a_refusal(text: str) -> None:
    parsers = [
        lambda: parse_scan(text, today=TODAY),
        lambda: parse_element_string(text),
        lambda: parse_bracketed(text),
        lambda: parse_digital_link(text),
        lambda: parse_digital_link("https://id.gs1.org/01/" + text),
        lambda: parse_date_time(text, reference_year=2026),
        lambda: Gtin.parse(text),
    ]
    for parse in parsers:
        refusal = _refusal(parse)
        assert refusal is None or refusal.code


@given(st.sampled_from(sorted(LINTERS)), texts)
def test_any_text_passes_a_linter_or_is_refused(name: str, text: str) -> None:
    refusal = _refusal(lambda: LINTERS[name](text, "value"))

    assert refusal is None or refusal.field == "value"


@given(gtins, st.integers(0, 13), st.integers(1, 9))
def test_a_changed_digit_never_passes(gtin: str, position: int, step: int) -> None:
    changed = str((int(gtin[position]) + step) % 10)
    text = gtin[:position] + changed + gtin[position + 1 :]

    refusal = _refusal(lambda: Gtin.parse(text))

    verify_check_digit(gtin)
    assert refusal is not None
    assert refusal.code == "bad_check_digit"


@given(st.text("0123456789", min_size=17, max_size=17))
def test_an_sscc_is_completed_and_scanned(payload: str) -> None:
    text = f"{payload}{compute_check_digit(payload)}"

    assert parse_scan(text, today=TODAY).sscc == Sscc(text)
    assert parse_scan(f"]C100{text}", today=TODAY).sscc == Sscc(text)


@given(st.text(CSET82_TEXT, max_size=23), st.integers(0, 22), words)
def test_a_changed_character_never_passes_a_check_pair(
    payload: str, position: int, word: str
) -> None:
    pair = compute_check_pair(payload)
    verify_check_pair(payload + pair, "gmn")
    if position >= len(payload) or payload[position] == word[0]:
        return
    changed = payload[:position] + word[0] + payload[position + 1 :]

    refusal = _refusal(lambda: verify_check_pair(changed + pair, "gmn"))

    assert refusal is not None
    assert refusal.code == "bad_check_pair"


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(-49, 50))
def test_a_date_in_the_window_survives(day: date, distance: int) -> None:
    reference_year = day.year - distance

    found = parse_yymmd0(format_yymmdd(day), reference_year=reference_year)

    assert found == day


@given(st.text(max_size=40).filter(lambda text: all(ord(c) < 256 for c in text)))
def test_percent_encoding_survives(value: str) -> None:
    assert decode_path(encode_path(value)) == value
    assert decode_query(encode_query(value)) == value
    assert encode_path(value).isascii()
