"""RFC 8785 and the strict reader before it."""

import json
import math
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.canonical import (
    canonical_bytes,
    format_double,
    parse_canonical,
    parse_json,
    verify_integers_only,
)
from apps.core.errors import MalformedInput
from tests.vectors import vectors_path

VECTORS = "crypto/json-canonicalization"
LIMIT = 1 << 20


def refusal(data: bytes, **options) -> str:
    with pytest.raises(MalformedInput) as caught:
        parse_json(data, **{"max_bytes": LIMIT, **options})
    return caught.value.code


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "values"])
def test_published_input_becomes_published_output(name):
    data = vectors_path(f"{VECTORS}/input/{name}.json").read_bytes()
    wanted = vectors_path(f"{VECTORS}/output/{name}.json").read_bytes()
    hexed = vectors_path(f"{VECTORS}/outhex/{name}.txt").read_text()

    made = canonical_bytes(parse_json(data, max_bytes=LIMIT, doubles=True))

    assert made == wanted == bytes.fromhex(hexed)
    value = parse_canonical(wanted, max_bytes=LIMIT, doubles=True)
    assert canonical_bytes(value) == wanted


def test_all_thousand_published_doubles_are_formatted_alike():
    lines = vectors_path(f"{VECTORS}/es6testfile_1000.txt").read_text().splitlines()

    for line in lines:
        bits, _, wanted = line.partition(",")
        number = struct.unpack(">d", int(bits, 16).to_bytes(8, "big"))[0]
        assert format_double(number) == wanted, line
    assert len(lines) == 1000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[1,]", "not_json"),
        (b"{'a':1}", "not_json"),
        (b"[1] x", "not_json"),
        (b"[01]", "not_json"),
        (b"[+1]", "not_json"),
        (b"[.5]", "not_json"),
        (b"[0x1]", "not_json"),
        (b'["\t"]', "not_json"),
        (b'["\x00"]', "not_json"),
        (b'["\\x"]', "not_json"),
        ("[\uff11]".encode(), "not_json"),
        (b"\xa0[]", "not_utf8"),
        ("\u00a0[]".encode(), "not_json"),
        (b"\xef\xbb\xbf[]", "byte_order_mark"),
        ("[]".encode("utf-16"), "not_utf8"),
        (b'["\xed\xa0\x80"]', "not_utf8"),
        (b'["\xc0\xaf"]', "not_utf8"),
        (b'["\xff"]', "not_utf8"),
        (b'["\\ud800"]', "forbidden_character"),
        (b'["\\udc00\\ud800"]', "forbidden_character"),
        (b'{"\\ud800":1}', "forbidden_character"),
        (b'["\\u0000"]', "forbidden_character"),
        (b'{"a\\u0000":1}', "forbidden_character"),
        ('["\uffff"]'.encode(), "forbidden_character"),
        (b'["\\ufdd0"]', "forbidden_character"),
        ('["\U0010fffe"]'.encode(), "forbidden_character"),
        (b'{"a":1,"a":2}', "duplicate_name"),
        (b'{"a":1,"\\u0061":1}', "duplicate_name"),
        (b'[{"b":{"a":1,"c":0,"a":1}}]', "duplicate_name"),
        (b"[NaN]", "bad_number"),
        (b"[Infinity]", "bad_number"),
        (b"[-Infinity]", "bad_number"),
        (b"[-0]", "bad_number"),
        (b"[9007199254740992]", "bad_number"),
        (b"[-9007199254740992]", "bad_number"),
        (b"[123456789012345678]", "bad_number"),
        (b"[1.0]", "not_an_integer"),
        (b"[1e3]", "not_an_integer"),
        (b"[-0.0]", "not_an_integer"),
    ],
)
def test_what_json_libraries_disagree_about_is_refused(data, code):
    assert refusal(data) == code


@pytest.mark.parametrize(
    "data", [b"[-0.0]", b"[-0e5]", b"[1e400]", b"[-1e400]", b"[0." + b"0" * 99 + b"1]"]
)
def test_doubles_without_one_spelling_are_refused(data):
    assert refusal(data, doubles=True) == "bad_number"


def test_a_million_digits_are_refused_at_once():
    started = time.process_time()

    assert refusal(b"[" + b"9" * 1_000_000 + b"]") == "bad_number"
    assert refusal(b"[0." + b"9" * 1_000_000 + b"]", doubles=True) == "bad_number"
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 100_000,
        b'"' + b"[" * 100_000,
        b'["\\"]' + b"[" * 100_000,
    ],
)
def test_deep_nesting_is_a_refusal_and_never_a_crash(data):
    assert refusal(data) in {"too_deep", "not_json"}


@pytest.mark.parametrize(
    "data",
    [b'["' + b'\\"[' * 300_000, b'["' + b"[" * 900_000, b'{"a":"' + b"[\\" * 300_001],
)
def test_an_unterminated_string_costs_no_more_than_a_good_one(data):
    started = time.process_time()

    assert refusal(data) == "not_json"
    assert time.process_time() - started < 1


def test_a_caller_who_allows_any_depth_still_gets_a_refusal():
    data = b"[" * 100_000 + b"]" * 100_000

    assert refusal(data, max_depth=10**6) == "too_deep"


def test_sixty_four_levels_are_read():
    data = b"[" * 64 + b"]" * 64

    assert canonical_bytes(parse_json(data, max_bytes=LIMIT)) == data


def test_brackets_inside_strings_are_not_levels():
    data = json.dumps(["[" * 1000, '"[{' * 500]).encode()

    assert parse_json(data, max_bytes=LIMIT) == ["[" * 1000, '"[{' * 500]


def test_longer_input_than_allowed_is_refused_unread():
    assert refusal(b"[1,2,3]", max_bytes=6) == "too_large"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b' {"a":1}', "not_canonical"),
        (b'{"a":1}\n', "not_canonical"),
        (b'{"b":1,"a":1}', "not_canonical"),
        (b'{"a":"\\u0041"}', "not_canonical"),
        (b'{"a":"\\/"}', "not_canonical"),
        (b'["\\u001F"]', "not_canonical"),
        (b'["\\u000a"]', "not_canonical"),
        ('{"\ue000":1,"\U00010000":1}'.encode(), "not_canonical"),
        ('["e\u0301"]'.encode(), "not_nfc"),
        ('{"e\u0301":1}'.encode(), "not_nfc"),
        ('["\u212b"]'.encode(), "not_nfc"),
        ('["b\u0301\U00010efd"]'.encode(), "unassigned_character"),
        ('{"\U00010efd":1}'.encode(), "unassigned_character"),
        ('["\u0378"]'.encode(), "unassigned_character"),
    ],
)
def test_another_spelling_is_refused_and_not_repaired(data, code):
    with pytest.raises(MalformedInput) as caught:
        parse_canonical(data, max_bytes=LIMIT)

    assert caught.value.code == code


def test_doubles_are_kept_in_their_shortest_form_only():
    for data in (b"[4.50]", b"[4.0]", b"[1E30]", b"[1e30]", b"[100e-2]"):
        with pytest.raises(MalformedInput, match="not canonical"):
            parse_canonical(data, max_bytes=LIMIT, doubles=True)
    assert parse_canonical(b"[1e+30,4.5]", max_bytes=LIMIT, doubles=True) == [1e30, 4.5]


def test_names_sort_by_utf16_code_units():
    value = {"\ue000": 1, "\U00010000": 2, "a": 3}

    assert canonical_bytes(value) == '{"a":3,"\U00010000":2,"\ue000":1}'.encode()


@pytest.mark.parametrize(
    "value",
    [
        -0.0,
        math.nan,
        math.inf,
        2**53,
        -(2**53),
        1e20,
        "\x00",
        "\ud800",
        {"\udfff": 1},
        {1: 1},
        {"a": object()},
        b"bytes",
    ],
)
def test_what_has_no_spelling_is_not_written(value):
    with pytest.raises(MalformedInput):
        canonical_bytes(value)


def test_deep_values_are_not_written():
    value = []
    for _ in range(10_000):
        value = [value]

    with pytest.raises(MalformedInput, match="too deep"):
        canonical_bytes(value)


def test_a_double_is_found_wherever_it_hides():
    with pytest.raises(MalformedInput) as caught:
        verify_integers_only({"a": [{"b": 0.5}]}, field="body")

    assert (caught.value.code, caught.value.field) == ("not_an_integer", "body")
    verify_integers_only({"a": [1, "0.5", None, True]})


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_what_is_written_reads_back_to_the_same_bytes(value):
    try:
        data = canonical_bytes(value)
    except MalformedInput:
        return

    again = parse_json(data, max_bytes=LIMIT, doubles=True)

    assert canonical_bytes(again) == data
    assert again == value


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_malformed_input(data):
    try:
        value = parse_json(data, max_bytes=LIMIT, doubles=True)
    except MalformedInput:
        return
    assert json.loads(data) == value


@given(st.text(alphabet='[]{}",:\\u0d8e1.-+ \n', max_size=60))
def test_any_json_like_text_gives_a_value_or_malformed_input(text):
    try:
        value = parse_json(text.encode(), max_bytes=LIMIT)
    except MalformedInput:
        return
    assert json.loads(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_reads_back_from_its_spelling(number):
    assert float(format_double(number)) == number
