"""Tokens of anchors on a chain: what they show, and every way in which they do not."""

import json
from dataclasses import replace

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput, ProofError, TraceError
from apps.core.evm.keccak import keccak256
from apps.core.evm.token import CALL, EVENT, EvmToken, verify_token
from tests.core.evm.chain import (
    BY,
    CONTRACT,
    ROOT,
    SIZE,
    TIME,
    block,
    event,
    other,
    receipt,
    token,
    token_in,
)

WHOLE = token()


def check(made, *, size=SIZE, root=ROOT):
    return verify_token(made, tree_size=size, root_hash=root)


def test_the_names_are_those_of_the_abi():
    assert keccak256(b"anchor(bytes32,uint256)")[:4] == CALL
    assert keccak256(b"Anchored(address,bytes32,uint256)") == EVENT


@pytest.mark.parametrize(("count", "index"), [(1, 0), (2, 1), (128, 127), (200, 130)])
def test_a_receipt_anywhere_in_its_block_is_shown(count, index):
    assert check(token(count, index)) == TIME


def test_it_is_read_back_as_it_was_written():
    assert EvmToken.parse(WHOLE.encode()) == WHOLE
    assert check(EvmToken.parse(WHOLE.encode())) == TIME


@pytest.mark.parametrize("kind", [b"", b"\x01", b"\x02", b"\x7e"])
def test_receipts_of_every_type(kind):
    ours = receipt([event()], kind=kind, more=(b"\x01",) if kind == b"\x7e" else ())

    assert check(token(ours=ours)) == TIME


def test_headers_with_the_fields_of_later_forks():
    made = block([receipt([event()])], more=(b"\x07", bytes(32), b"", b"", bytes(32)))

    assert check(token_in(made, 0)) == TIME


def test_another_log_of_the_same_receipt():
    ours = receipt([event(by=CONTRACT), event()])

    assert check(token(ours=ours, log_index=1)) == TIME
    with pytest.raises(ProofError, match="event differs"):
        check(token(ours=ours))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"block_hash": bytes(32)}, "block_differs"),
        ({"block_number": 10}, "block_differs"),
        ({"header": WHOLE.header + b"\0"}, "block_differs"),
        ({"index": 78}, "bad_trie_proof"),
        ({"index": 2**53 - 1}, "bad_trie_proof"),
        ({"proof": WHOLE.proof[:-1]}, "bad_trie_proof"),
        ({"proof": WHOLE.proof[::-1]}, "bad_trie_proof"),
        ({"log_index": 1}, "event_differs"),
        ({"contract": bytes(20)}, "event_differs"),
        ({"by": bytes(20)}, "event_differs"),
    ],
)
def test_what_does_not_fit_the_block(changed, code):
    with pytest.raises(ProofError) as caught:
        check(replace(WHOLE, **changed))
    assert caught.value.code == code


def test_another_head_than_was_anchored():
    for said in ({"size": SIZE + 1}, {"root": bytes(32)}):
        with pytest.raises(ProofError, match="event differs"):
            check(WHOLE, **said)


@pytest.mark.parametrize(
    "ours",
    [
        pytest.param(receipt([event()], status=b""), id="a call that failed"),
        pytest.param(receipt([event()], status=bytes(32)), id="a root for a status"),
        pytest.param(receipt([]), id="no event"),
        pytest.param(receipt([event(root=b"\x18" * 32)]), id="another root"),
        pytest.param(receipt([event(size=SIZE - 1)]), id="another size"),
        pytest.param(receipt([event(by=CONTRACT)]), id="another caller"),
        pytest.param(receipt([event(contract=BY)]), id="another contract"),
        pytest.param(receipt([event(name=bytes(32))]), id="another event"),
        pytest.param(receipt([[*event(), b"more"]]), id="more than an event"),
        pytest.param(receipt(b"logs"), id="logs that are none"),
        pytest.param(b"\x02" + rlp.encode([b"\x01", b"", b""]), id="three fields"),
        pytest.param(b"\x02" + rlp.encode(b"x" * 40), id="no list"),
        pytest.param(b"\x02" + bytes(40), id="no RLP"),
    ],
)
def test_a_receipt_of_something_else(ours):
    with pytest.raises(TraceError) as caught:
        check(token(ours=ours))
    assert caught.value.code in {"event_differs", "bad_rlp"}


@pytest.mark.parametrize(
    "header",
    [
        rlp.encode(b"header"),
        rlp.encode([bytes(32)] * 11),
        rlp.encode([[]] * 16),
        rlp.encode([b"\x01"] * 5 + [[]] + [b"\x01"] * 2 + [b"\x09"] + [b""] * 5),
        b"",
    ],
)
def test_headers_that_are_none(header):
    made = replace(WHOLE, header=header, block_hash=keccak256(header))

    with pytest.raises(TraceError) as caught:
        check(made)
    assert caught.value.code in {"block_differs", "bad_rlp"}


def test_a_block_with_everybodys_events_but_ours():
    made = block([other(number) for number in range(150)])

    for index in (0, 149):
        with pytest.raises(ProofError, match="event differs"):
            check(token_in(made, index))


@given(st.data())
def test_a_flipped_bit_never_verifies(data):
    plain = bytearray(WHOLE.encode())
    at = data.draw(st.integers(0, len(plain) - 1))
    plain[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        made = EvmToken.parse(bytes(plain))
        check(made)
    except TraceError:
        return
    # What is told and not shown by the block: chain and transaction.
    same = replace(made, chain_id=1, transaction=WHOLE.transaction)
    assert same == WHOLE


@given(st.binary(max_size=400))
def test_any_bytes_are_a_token_or_refused(data):
    with pytest.raises(MalformedInput):
        EvmToken.parse(data)


VALUE = json.loads(WHOLE.encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "pharmatrace-evm/v2"},
        {"chain_id": 0},
        {"chain_id": "1"},
        {"contract": "c0" * 19},
        {"contract": "0x" + "c0" * 20},
        {"by": "B1" * 20},
        {"transaction": ""},
        {"block_number": -1},
        {"index": 1.5},
        {"header": "f"},
        {"header": ""},
        {"header": "00" * 64_001},
        {"proof": []},
        {"proof": ["00"] * 17},
        {"proof": "00"},
        {"proof": [None]},
        {"surprise": 1},
    ],
)
def test_fields_that_do_not_fit(changed):
    with pytest.raises(MalformedInput):
        EvmToken.parse(canonical_bytes(VALUE | changed))


@pytest.mark.parametrize("name", VALUE)
def test_fields_that_are_missing(name):
    left = {key: value for key, value in VALUE.items() if key != name}

    with pytest.raises(MalformedInput, match=name):
        EvmToken.parse(canonical_bytes(left))


def test_another_spelling_is_refused():
    with pytest.raises(MalformedInput, match="canonical"):
        EvmToken.parse(json.dumps(VALUE).encode())
