"""GS1 Digital Link URIs: strict reading, building, the canonical form."""

from __future__ import annotations

import pytest

from apps.core.errors import MalformedInput
from apps.core.gs1 import build_digital_link, parse_digital_link
from apps.core.gs1.percent import encode_path, encode_query

PACK_URI = "https://id.gs1.org/01/09521568251204/10/A123/21/S1?17=271231"
KEY = "/01/09521568251204"


def test_a_link_is_read_with_host_stem_elements_and_extensions() -> None:
    found = parse_digital_link(
        "HTTPS://Brand.Example:8443/shop/x/01/09521568251204/10/A%2F1/21/s+1"
        "?17=271231&linkType=gs1%3Apip&&flag&context=a+b#top"
    )

    assert found.host == "brand.example"
    assert found.stem == "https://Brand.Example:8443/shop/x"
    assert found.elements.elements == (
        ("01", "09521568251204"),
        ("10", "A/1"),
        ("21", "s+1"),
        ("17", "271231"),
    )
    assert found.extensions == (
        ("linkType", "gs1:pip"),
        ("flag", ""),
        ("context", "a b"),
    )
    assert found.to_canonical() == (
        "https://id.gs1.org/01/09521568251204/10/A%2F1/21/s%2B1?17=271231"
    )


def test_a_built_link_reads_back() -> None:
    found = parse_digital_link(PACK_URI)

    assert build_digital_link(found.elements) == PACK_URI
    assert build_digital_link(found.elements, stem="http://a/b/") == (
        "http://a/b/01/09521568251204/10/A123/21/S1?17=271231"
    )


@pytest.mark.parametrize("host", ["a", "a.example.", "[2001:db8::1]", "10.0.0.1"])
def test_the_host_is_named(host: str) -> None:
    assert parse_digital_link(f"https://{host}{KEY}").host == host


@pytest.mark.parametrize(
    "authority",
    [
        "",
        "user@a.example",
        "user:pw@a.example",
        "a..b",
        "-a",
        "a-",
        ".a",
        "a:port",
        "a:123456",
        "a_b",
        "%61.example",
        "[::1",
        "[::zz]",
        "[1.2.3.4]",
        "[fe80::1%25lo]",
        "a$b",
        "a" * 64,
        ".".join(["abcdefghij"] * 30),
    ],
)
def test_a_dubious_authority_is_refused(authority: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        parse_digital_link(f"https://{authority}{KEY}")

    assert refusal.value.code == "bad_host"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "01/09521568251204",
        "id.gs1.org" + KEY,
        "//id.gs1.org" + KEY,
        "ftp://id.gs1.org" + KEY,
        "javascript:alert(1)//" + KEY,
        "data:text/html,https://id.gs1.org" + KEY,
        "Https://id.gs1.org" + KEY,
        "http:/id.gs1.org" + KEY,
        " https://id.gs1.org" + KEY,
        "urn:epc:id:sgtin:952156.825120.S1",
    ],
)
def test_any_other_scheme_is_refused(uri: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        parse_digital_link(uri)

    assert refusal.value.code == "unsupported_scheme"


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("", "no_primary_key"),
        ("/", "no_primary_key"),
        ("/01", "no_primary_key"),
        ("/10/A", "no_primary_key"),
        ("/gtin/09521568251204", "no_primary_key"),
        (KEY + "/", "no_primary_key"),
        (KEY + "/10", "no_primary_key"),
        ("/01/9521568251204", "too_short"),
        ("/01/09521568251203", "bad_check_digit"),
        ("/01//10/A", "empty"),
        (KEY + "/10/", "empty"),
        (KEY + "/17/271231", "bad_qualifier"),
        (KEY + "/21/S/10/A", "bad_qualifier"),
        (KEY + "/10/A/10/A", "bad_qualifier"),
        (KEY + "/235/X/10/A", "bad_qualifier"),
        ("/00/095215680000000017/10/A", "bad_qualifier"),
        ("/414/9521568000017/254/A/7040/1ABC", "bad_qualifier"),
        (KEY + "?10=A", "bad_attribute"),
        (KEY + "/21/S?10=A", "bad_attribute"),
        (KEY + "?21=S", "bad_attribute"),
        (KEY + "?999=x", "bad_attribute"),
        (KEY + "?9", "bad_attribute"),
        (KEY + "?01=09521568251204", "repeated_ai"),
        (KEY + "?17=271231&17=271231", "repeated_ai"),
        (KEY + "?17=", "empty"),
        (KEY + "?17=271332", "bad_month"),
        (KEY + "/10/%41%20", "bad_character"),
        (KEY + "/10/A%00", "bad_character"),
        (KEY + "/10/A%C3%A9", "bad_character"),
        (KEY + "/10/A%4", "not_refused"),
        (KEY + "/10/A\x1d", "bad_uri_character"),
        (KEY + "/10/é", "bad_uri_character"),
        (KEY + "/10/A B", "bad_uri_character"),
        (KEY + "/10/" + "A" * 2100, "too_long"),
    ],
)
def test_a_malformed_link_is_refused(rest: str, code: str) -> None:
    uri = f"https://id.gs1.org{rest}"
    if code == "not_refused":  # a percent sign without digits is one of set 82
        assert parse_digital_link(uri).elements.value("10") == "A%4"
        return

    with pytest.raises(MalformedInput) as refusal:
        parse_digital_link(uri)

    assert refusal.value.code == code


def test_a_short_gtin_is_padded_only_where_the_caller_allows_it() -> None:
    uri = "https://a/01/9521568251204?17=271231"

    found = parse_digital_link(uri, allow_short_gtin=True)

    assert found.elements.value("01") == "09521568251204"
    with pytest.raises(MalformedInput):
        parse_digital_link(uri)
    with pytest.raises(MalformedInput):
        parse_digital_link("https://a/01/952156825120", allow_short_gtin=True)


def test_the_last_key_of_the_path_counts() -> None:
    found = parse_digital_link(f"https://a/00/x{KEY}/21/01")

    assert found.stem == "https://a/00/x"
    assert found.elements.value("21") == "01"


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ([], "no_primary_key"),
        ([("10", "A")], "no_primary_key"),
        ([("01", "09521568251203")], "bad_check_digit"),
        ([("04", "X")], "unknown_ai"),
        ([("01", "09521568251204"), ("10", "A"), ("10", "B")], "repeated_ai"),
        ([("01", "09521568251204"), ("8019", "1")], "bad_attribute"),
        ([("01", "09521568251204"), ("235", "A"), ("10", "B")], "bad_qualifier"),
    ],
)
def test_what_has_no_link_is_refused(
    elements: list[tuple[str, str]], code: str
) -> None:
    with pytest.raises(MalformedInput) as refusal:
        build_digital_link(elements)

    assert refusal.value.code == code


def test_values_are_encoded_byte_by_byte() -> None:
    assert encode_path("A/é€ ") == "A%2F%E9%E2%82%AC%20"
    assert encode_query("A+B C") == "A%2BB+C"
