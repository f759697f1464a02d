"""Keccak-256 against published values and an implementation in C."""

import hashlib

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from apps.core.evm.keccak import keccak256


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (b"\x80", "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
        (b"\xc0", "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"),
    ],
)
def test_published_values(data, wanted):
    assert keccak256(data).hex() == wanted


def test_it_is_not_sha3_of_the_standard():
    assert keccak256(b"abc") != hashlib.sha3_256(b"abc").digest()


@pytest.mark.parametrize("size", [1, 134, 135, 136, 137, 271, 272, 273, 1000])
def test_around_the_ends_of_blocks(size):
    assert keccak256(b"a" * size) == keccak(b"a" * size)


@given(st.binary(max_size=600))
def test_as_a_client_of_the_chain_hashes(data):
    assert keccak256(data) == keccak(data)
