"""The chain of one tag: nothing left out, nothing put in."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.chain import advance, verify_chain, verify_link
from apps.core.errors import MalformedInput, ProofError
from apps.core.leaf import (
    ZEROS,
    Leaf,
    LeafType,
)
from apps.core.map import MapValue
from tests.core.log.log_cast import flip

TAG = sha256(b"a batch").digest()
PREV = sha256(b"a leaf").digest()
SECRET = sha256(b"a commitment").digest()


def chain_of(length):
    links, previous = [], ZEROS
    for number in range(length):
        secret = sha256(bytes([number])).digest()
        links.append(
            Leaf(LeafType.GOODS, 1000 + number // 2, TAG, number, previous, secret)
        )
        previous = links[-1].leaf_hash
    return links


CHAIN = chain_of(6)
HEAD = CHAIN[-1].leaf_hash


def judge(links, head=HEAD, count=6):
    with pytest.raises(ProofError) as refusal:
        verify_chain(links=links, tag=TAG, head=head, count=count)
    return refusal.value.code


def test_a_whole_chain_verifies():
    for length in range(1, 7):
        links = chain_of(length)
        verify_chain(links=links, tag=TAG, head=links[-1].leaf_hash, count=length)


@pytest.mark.parametrize("left_out", range(6))
def test_a_chain_with_a_leaf_left_out_is_refused(left_out):
    links = [leaf for number, leaf in enumerate(CHAIN) if number != left_out]

    assert judge(links) == "chain_incomplete"
    # Nor does a count that was lowered to fit hide it.
    wanted = "chain_head_mismatch" if left_out == 5 else "chain_gap"
    assert judge(links, count=5) == wanted


def test_an_empty_chain_proves_nothing():
    assert judge([], head=ZEROS, count=0) == "chain_incomplete"


def test_a_chain_in_another_order_is_refused():
    assert judge([*CHAIN[:2], CHAIN[3], CHAIN[2], *CHAIN[4:]]) == "chain_gap"


def test_a_leaf_put_in_place_of_another_breaks_the_next_link():
    forged = replace(CHAIN[2], commitment=SECRET)

    assert judge([*CHAIN[:2], forged, *CHAIN[3:]]) == "chain_broken"
    last = replace(CHAIN[5], commitment=SECRET)
    assert judge([*CHAIN[:5], last]) == "chain_head_mismatch"


def test_a_leaf_of_another_tag_does_not_belong():
    foreign = replace(CHAIN[5], subject_tag=PREV)

    assert judge([*CHAIN[:5], foreign], head=foreign.leaf_hash) == "foreign_leaf"


def test_time_does_not_run_back_in_a_chain():
    early = replace(CHAIN[5], time_ms=1)

    assert judge([*CHAIN[:5], early], head=early.leaf_hash) == "time_runs_back"


def typed_chain(*kinds):
    links, previous = [], ZEROS
    for number, kind in enumerate(kinds):
        links.append(Leaf(kind, 1000, TAG, number, previous, SECRET))
        previous = links[-1].leaf_hash
    return links


@pytest.mark.parametrize("kind", [LeafType.GOODS, LeafType.RECALL])
def test_an_erasure_follows_what_can_be_erased(kind):
    links = typed_chain(LeafType.PARTY, kind, LeafType.ERASURE)

    verify_chain(links=links, tag=TAG, head=links[-1].leaf_hash, count=3)


@pytest.mark.parametrize(
    "kinds",
    [
        (LeafType.PARTY, LeafType.ERASURE),
        (LeafType.PARTY, LeafType.PARTY, LeafType.ERASURE),
        (LeafType.PARTY, LeafType.ERASURE, LeafType.GOODS),
        (LeafType.ERASURE,),
    ],
)
def test_nothing_is_erased_in_the_chain_of_a_key(kinds):
    links = typed_chain(*kinds)

    code = judge(links, head=links[-1].leaf_hash, count=len(links))

    assert code == "nothing_to_erase"


@given(st.integers(0, 5), st.integers(16, 911))
def test_a_flipped_bit_in_a_chain_never_verifies(number, bit):
    try:
        leaf = Leaf.decode(flip(CHAIN[number].encode(), bit))
    except MalformedInput:
        return

    assert judge([*CHAIN[:number], leaf, *CHAIN[number + 1 :]])


def test_the_head_of_a_tag_advances_leaf_by_leaf():
    value = None
    for index, leaf in zip((3, 4, 9, 10, 20, 21), CHAIN, strict=True):
        value = advance(value, leaf=leaf, index=index)

    assert value == MapValue(6, HEAD, 21)


def test_the_head_of_a_tag_does_not_jump():
    value = advance(None, leaf=CHAIN[0], index=5)

    for leaf, index in ((CHAIN[2], 6), (CHAIN[0], 6), (CHAIN[1], 5), (CHAIN[1], 4)):
        with pytest.raises(ProofError):
            advance(value, leaf=leaf, index=index)
    for leaf, index in ((CHAIN[1], 0), (CHAIN[0], -1)):
        with pytest.raises(ProofError):
            advance(None, leaf=leaf, index=index)
    with pytest.raises(ProofError):
        verify_link(CHAIN[1], count=1, head=PREV)
