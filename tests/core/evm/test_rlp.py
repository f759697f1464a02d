"""RLP: one spelling for each item, and nothing else is read."""

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.core.evm.rlp import decode_rlp, decode_uint, encode_uint

LOREM = b"Lorem ipsum dolor sit amet, consectetur adipisicing elit"

ITEMS = st.recursive(
    st.binary(max_size=80), lambda inner: st.lists(inner, max_size=6), max_leaves=20
)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("83646f67", b"dog"),
        ("c88363617483646f67", [b"cat", b"dog"]),
        ("80", b""),
        ("c0", []),
        ("00", b"\0"),
        ("0f", b"\x0f"),
        ("820400", b"\x04\0"),
        ("c7c0c1c0c3c0c1c0", [[], [[]], [[], [[]]]]),
        ("b838" + LOREM.hex(), LOREM),
        ("f83ab838" + LOREM.hex(), [LOREM]),
    ],
)
def test_the_examples_of_the_yellow_paper(text, item):
    assert decode_rlp(bytes.fromhex(text)) == item


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("83646f", id="text cut short"),
        pytest.param("c8836361", id="list cut short"),
        pytest.param("c483646f67c0", id="more after the end"),
        pytest.param("8100", id="a byte that is itself"),
        pytest.param("817f", id="the largest byte that is itself"),
        pytest.param("b80161", id="a length byte too many"),
        pytest.param("b837" + "61" * 55, id="55 is short"),
        pytest.param("b90038" + "61" * 56, id="a length with a zero in front"),
        pytest.param("b8", id="no length"),
        pytest.param("bfffffffffffffffff61", id="longer than all memory"),
        pytest.param("f801c0", id="a long list that is short"),
        pytest.param("c283646f", id="an item beyond its list"),
        pytest.param("c1" + "83", id="an item without its bytes in a list"),
        pytest.param("d1d0cfcecdcccbcac9c8c7c6c5c4c3c2c1c0", id="too deep"),
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(MalformedInput, match="bad rlp"):
        decode_rlp(bytes.fromhex(text))


@given(ITEMS)
def test_what_a_client_writes_is_read(item):
    assert decode_rlp(rlp.encode(item)) == item


@given(st.binary(max_size=200))
def test_any_bytes_are_one_item_in_its_one_spelling_or_refused(data):
    try:
        item = decode_rlp(data)
    except MalformedInput:
        return
    assert rlp.encode(item) == data


@given(st.integers(min_value=0, max_value=2**70))
def test_numbers_come_back(number):
    data = encode_uint(number)

    assert data == rlp.encode(number)
    assert decode_uint(decode_rlp(data), field="n") == number


@pytest.mark.parametrize("item", [[], b"\0", b"\0\x01"])
def test_what_is_no_number(item):
    with pytest.raises(MalformedInput, match="n: bad rlp"):
        decode_uint(item, field="n")
