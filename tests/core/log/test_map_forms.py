"""Map proofs and values as bytes."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.core.map import (
    MapProof,
    MapValue,
    OtherLeaf,
)


def value(number):
    return MapValue(number + 1, sha256(bytes([number % 256])).digest(), number)


HASHES = st.binary(min_size=32, max_size=32)
PROOFS = st.builds(
    MapProof,
    st.lists(HASHES, max_size=256).map(tuple),
    st.none() | st.builds(OtherLeaf, HASHES, HASHES),
)


@given(PROOFS)
def test_proofs_come_back_from_bytes(proof):
    assert MapProof.decode(proof.encode()) == proof


@given(st.binary(max_size=200))
def test_any_bytes_are_a_map_proof_or_malformed(data):
    try:
        proof = MapProof.decode(data)
    except MalformedInput:
        return
    assert proof.encode() == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\0\1",
        b"\0\0" + bytes(32),
        b"\0\1" + bytes(64),
        b"\0\1" + bytes(33),
        b"\1\1" + bytes(32 * 257),
        b"\0\0" + bytes(96),
        b"\0\1" + bytes(31),
        b"\0\2" + bytes(32),
    ],
)
def test_bytes_of_wrong_length_are_no_map_proof(data):
    with pytest.raises(MalformedInput):
        MapProof.decode(data)


def test_a_value_is_48_bytes():
    encoded = value(5).encode()

    assert encoded == bytes(7) + b"\x06" + sha256(b"\x05").digest() + bytes(7) + b"\x05"
    assert MapValue.decode(encoded) == value(5)


@pytest.mark.parametrize("data", [b"", bytes(48), bytes(47), bytes(49)])
def test_a_value_of_another_length_or_without_leaves_is_refused(data):
    with pytest.raises(MalformedInput):
        MapValue.decode(data)


@pytest.mark.parametrize(
    "fields",
    [(0, bytes(32), 0), (2**64, bytes(32), 0), (1, b"", 0), (1, bytes(32), -1)],
)
def test_a_value_that_has_no_bytes_is_refused(fields):
    with pytest.raises(MalformedInput):
        MapValue(*fields)
