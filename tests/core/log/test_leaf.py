"""The 114 bytes of a leaf, commitments and tags."""

import hmac
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.core.leaf import (
    ANCHOR_TAG,
    CONFIG_TAG,
    MAP_ROOT_TAG,
    ZEROS,
    Leaf,
    LeafType,
    anchor_commitment,
    batch_tag,
    commitment,
    encode_leaf,
    key_tag,
    leaf_type,
    party_tag,
    product_tag,
)
from apps.core.merkle import leaf_hash
from tests.core.log.log_cast import flip

TAG = sha256(b"a batch").digest()
PREV = sha256(b"a leaf").digest()
SECRET = sha256(b"a commitment").digest()
LEAF = Leaf(LeafType.GOODS, 1_800_000_000_123, TAG, 7, PREV, SECRET)
HASHES = st.binary(min_size=32, max_size=32)


def test_a_leaf_is_114_bytes_in_the_order_of_the_design():
    encoded = LEAF.encode()

    assert len(encoded) == 114
    assert encoded == (
        b"\x01\x01"
        + (1_800_000_000_123).to_bytes(8, "big")
        + TAG
        + (7).to_bytes(8, "big")
        + PREV
        + SECRET
    )
    assert Leaf.decode(encoded) == LEAF
    assert LEAF.leaf_hash == leaf_hash(encoded) == sha256(b"\0" + encoded).digest()


@given(
    st.sampled_from(
        [LeafType.GOODS, LeafType.PARTY, LeafType.ERASURE, LeafType.RECALL]
    ),
    st.integers(0, 2**64 - 1),
    HASHES.filter(any),
    st.integers(1, 2**64 - 1),
    HASHES.filter(any),
    HASHES,
)
def test_leaves_come_back(kind, time_ms, tag, chain_seq, previous, secret):
    leaf = Leaf(kind, time_ms, tag, chain_seq, previous, secret)

    assert Leaf.decode(leaf.encode()) == leaf


@given(st.binary(min_size=100, max_size=130) | st.integers(0, 911))
def test_any_bytes_are_a_leaf_or_malformed(data):
    if isinstance(data, int):
        data = flip(LEAF.encode(), data)
    try:
        leaf = Leaf.decode(data)
    except MalformedInput:
        return
    assert leaf.encode() == data
    assert leaf != LEAF


@pytest.mark.parametrize(
    "data",
    [
        b"",
        LEAF.encode()[:-1],
        LEAF.encode() + b"\0",
        b"\x00" + LEAF.encode()[1:],
        b"\x02" + LEAF.encode()[1:],
        b"\x01\x00" + LEAF.encode()[2:],
        b"\x01\x08" + LEAF.encode()[2:],
        b"\x01\xff" + LEAF.encode()[2:],
    ],
)
def test_another_length_version_or_type_is_refused(data):
    with pytest.raises(MalformedInput):
        Leaf.decode(data)


@pytest.mark.parametrize(
    "change",
    [
        {"time_ms": -1},
        {"time_ms": 2**64},
        {"chain_seq": 2**64},
        {"subject_tag": b"short"},
        {"commitment": b""},
        {"prev_leaf_hash": bytes(33)},
        {"chain_seq": 0},
        {"prev_leaf_hash": ZEROS},
        {"subject_tag": ZEROS},
        {"kind": LeafType.MAP_ROOT},
        {"kind": LeafType.ANCHOR},
        {"kind": LeafType.CONFIG},
        {"kind": LeafType.CONFIG, "subject_tag": ANCHOR_TAG},
        *(
            {"kind": kind, "subject_tag": tag}
            for kind in map(LeafType, (1, 2, 5, 6))
            for tag in (MAP_ROOT_TAG, ANCHOR_TAG, CONFIG_TAG)
        ),
    ],
)
def test_a_leaf_that_cannot_be_is_refused(change):
    with pytest.raises(MalformedInput):
        replace(LEAF, **change)


TAGS = st.sampled_from([TAG, ZEROS, ANCHOR_TAG, CONFIG_TAG, b"", TAG + b"\0", TAG[1:]])
NUMBERS = st.sampled_from([-1, 0, 1, 7, 2**63, 2**64 - 1, 2**64])


def outcome(make, *parts):
    try:
        return make(*parts)
    except MalformedInput as error:
        return error.code, error.got, str(error)


@given(st.tuples(st.integers(-1, 9) | st.just(256), NUMBERS, TAGS, NUMBERS, TAGS, TAGS))
def test_the_short_way_gives_the_bytes_or_the_refusal_of_the_long_one(parts):
    def long_way(kind, *rest):
        return Leaf(leaf_type(kind), *rest).encode()

    assert outcome(encode_leaf, *parts) == outcome(long_way, *parts)


def test_the_short_way_makes_leaves_of_every_type():
    for kind in LeafType:
        tag = {3: MAP_ROOT_TAG, 4: ANCHOR_TAG, 7: CONFIG_TAG}.get(kind, TAG)
        leaf = replace(LEAF, kind=kind, subject_tag=tag)

        made = encode_leaf(int(kind), leaf.time_ms, tag, 7, PREV, SECRET)

        assert Leaf.decode(made) == leaf


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        (LeafType.MAP_ROOT, MAP_ROOT_TAG),
        (LeafType.ANCHOR, ANCHOR_TAG),
        (LeafType.CONFIG, CONFIG_TAG),
    ],
)
def test_types_of_the_log_itself_have_their_fixed_tag(kind, tag):
    assert Leaf.decode(replace(LEAF, kind=kind, subject_tag=tag).encode()).kind is kind


def test_the_fixed_tags_are_hashes_of_their_names():
    assert sha256(b"pharmatrace/tag/v1\0anchor").digest() == ANCHOR_TAG
    assert sha256(b"pharmatrace/tag/v1\0config").digest() == CONFIG_TAG
    assert bytes(32) == MAP_ROOT_TAG


def test_a_commitment_binds_every_part():
    parts = {"salt": b"s" * 32, "accepted_ms": 5, "envelope_digest": b"e" * 32}
    said = commitment(**parts)

    assert (
        said
        == sha256(
            b"pharmatrace/commit/v1\0"
            + b"s" * 32
            + (5).to_bytes(8, "big")
            + b"e" * 32
            + bytes(32)
        ).digest()
    )
    changed = [
        {"salt": b"t" * 32},
        {"accepted_ms": 6},
        {"envelope_digest": b"f" * 32},
        {"disclosure_root": b"d" * 32},
    ]
    assert len({said, *(commitment(**parts | change) for change in changed)}) == 5
    for wrong in ({"salt": b""}, {"accepted_ms": -1}, {"envelope_digest": b""}):
        with pytest.raises(MalformedInput):
            commitment(**parts | wrong)


def test_an_anchor_commitment_binds_head_and_token():
    said = anchor_commitment(tree_size=9, root=PREV, token=b"token")

    assert (
        said
        == sha256(
            b"pharmatrace/anchor/v1\0"
            + (9).to_bytes(8, "big")
            + PREV
            + sha256(b"token").digest()
        ).digest()
    )
    with pytest.raises(MalformedInput):
        anchor_commitment(tree_size=9, root=b"", token=b"token")
    with pytest.raises(MalformedInput):
        anchor_commitment(tree_size=-9, root=PREV, token=b"token")


K_TAG = b"k" * 32
GTIN = "09521568000017"


def test_tags_are_keyed_hashes_of_their_subject():
    keyid = "ab" * 32

    def of(subject):
        return hmac.digest(K_TAG, subject, "sha256")

    assert batch_tag(K_TAG, gtin=GTIN, lot="LOT-7/a") == of(
        b"batch\0" + GTIN.encode() + b"\0LOT-7/a"
    )
    assert product_tag(K_TAG, gtin=GTIN) == of(b"product\0" + GTIN.encode())
    assert party_tag(K_TAG, gln="9521568000017") == of(b"party\x009521568000017")
    assert key_tag(K_TAG, keyid=keyid) == of(b"key\0" + keyid.encode())


@pytest.mark.parametrize(
    "make",
    [
        lambda: batch_tag(b"short", gtin=GTIN, lot="A"),
        lambda: batch_tag(K_TAG, gtin=GTIN[1:], lot="A"),
        lambda: batch_tag(K_TAG, gtin=GTIN, lot=""),
        lambda: batch_tag(K_TAG, gtin=GTIN, lot="A\0B"),
        lambda: batch_tag(K_TAG, gtin=GTIN, lot="é"),
        lambda: product_tag(K_TAG, gtin=GTIN + "\n"),
        lambda: party_tag(K_TAG, gln=GTIN),
        lambda: party_tag(K_TAG, gln="\u0661" * 13),
        lambda: key_tag(K_TAG, keyid="AB" * 32),
        lambda: key_tag(K_TAG, keyid="ab" * 32 + "\n"),
    ],
)
def test_a_subject_of_another_form_has_no_tag(make):
    with pytest.raises(MalformedInput):
        make()
