"""Serial trees of a commissioning, and sets of ordinals."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput, ProofError
from apps.core.merkle import EMPTY_ROOT, RootBuilder
from apps.core.ranges import count_of, parse_ranges, ranges_of, set_digest
from apps.core.serials import (
    SerialProof,
    part_roots,
    serial_leaf,
    serial_leaves,
    serial_salt,
    serials_root,
    verify_serial,
)
from apps.core.serialsbuild import prove_serial
from apps.core.tree import MemoryTree
from tests.core.log.log_cast import flip

SEED = b"\x07" * 32
GTIN = "09521568000017"
SERIALS = [f"SN{number:06d}" for number in range(1000)]
BASE = 5000
ROOT = serials_root(seed=SEED, gtin=GTIN, base=BASE, serials=SERIALS)
SIGNED = {"gtin": GTIN, "base": BASE, "size": 1000, "root": ROOT}


def test_a_salt_and_a_leaf_have_the_bytes_of_the_design():
    salt = sha256(b"pharmatrace/salt/v1\0" + SEED + b"SN000000").digest()[:16]

    assert serial_salt(SEED, "SN000000") == salt
    assert (
        serial_leaf(salt=salt, ordinal=5000, gtin=GTIN, serial="SN000000")
        == sha256(
            b"\0" + salt + (5000).to_bytes(8, "big") + GTIN.encode() + b"SN000000"
        ).digest()
    )


@pytest.mark.parametrize("size", [1, 2, 64, 512, 1024])
def test_parts_of_a_power_of_two_lead_to_the_root_of_all(size):
    parts = ["\n".join(SERIALS[at : at + size]) for at in range(0, 1000, size)]
    top = RootBuilder()

    top.extend(part_roots(seed=SEED, gtin=GTIN, base=BASE, parts=parts))

    assert top.root() == ROOT


def test_the_root_is_over_the_leaves_in_ordinal_order():
    leaves = [
        serial_leaf(
            salt=serial_salt(SEED, serial),
            ordinal=BASE + place,
            gtin=GTIN,
            serial=serial,
        )
        for place, serial in enumerate(SERIALS)
    ]

    assert MemoryTree(leaves).root() == ROOT
    streamed = serial_leaves(seed=SEED, gtin=GTIN, base=BASE, serials=iter(SERIALS))
    assert list(streamed) == leaves
    assert serials_root(seed=SEED, gtin=GTIN, base=0, serials=[]) == EMPTY_ROOT


@pytest.mark.parametrize(
    "change",
    [
        {"seed": b"\x08" * 32},
        {"gtin": "09521568000024"},
        {"base": 0},
        {"serials": SERIALS[:-1]},
        {"serials": [SERIALS[1], SERIALS[0], *SERIALS[2:]]},
    ],
)
def test_the_root_binds_seed_product_ordinals_and_order(change):
    given = {"seed": SEED, "gtin": GTIN, "base": BASE, "serials": SERIALS}

    assert serials_root(**given | change) != ROOT


@given(st.integers(0, 999))
def test_one_pack_is_proven_without_the_others(place):
    serial = SERIALS[place]
    proof = prove_serial(
        seed=SEED, gtin=GTIN, base=BASE, serials=SERIALS, ordinal=BASE + place
    )

    verify_serial(proof=proof, serial=serial, **SIGNED)
    assert len(proof.path) <= 10
    for change in (
        {"serial": "SN999999"},
        {"gtin": "09521568000024"},
        {"base": BASE - 1},
        {"size": 500},
        {"root": flip(ROOT, place % 256)},
    ):
        with pytest.raises(ProofError):
            verify_serial(**{"proof": proof, "serial": serial} | SIGNED | change)


PROOF = prove_serial(seed=SEED, gtin=GTIN, base=BASE, serials=SERIALS, ordinal=5003)


@pytest.mark.parametrize(
    "proof",
    [
        replace(PROOF, ordinal=5004),
        replace(PROOF, ordinal=4999),
        replace(PROOF, ordinal=6000),
        replace(PROOF, salt=flip(PROOF.salt, 3)),
        replace(PROOF, path=PROOF.path[1:]),
        replace(PROOF, path=(flip(PROOF.path[0], 9), *PROOF.path[1:])),
    ],
)
def test_a_changed_proof_of_a_pack_is_refused(proof):
    with pytest.raises(ProofError):
        verify_serial(proof=proof, serial=SERIALS[3], **SIGNED)


@pytest.mark.parametrize(
    "make",
    [
        lambda: serial_salt(b"short", "A"),
        lambda: serial_salt(SEED, ""),
        lambda: serial_salt(SEED, "A" * 21),
        lambda: serial_salt(SEED, "é"),
        lambda: serial_salt(SEED, "\ud800"),
        lambda: serial_leaf(salt=b"", ordinal=0, gtin=GTIN, serial="A"),
        lambda: serial_leaf(salt=bytes(16), ordinal=-1, gtin=GTIN, serial="A"),
        lambda: serial_leaf(salt=bytes(16), ordinal=0, gtin="1", serial="A"),
        lambda: serials_root(seed=b"", gtin=GTIN, base=0, serials=["A"]),
        lambda: serials_root(seed=SEED, gtin="x" * 14, base=0, serials=["A"]),
        lambda: serials_root(seed=SEED, gtin=GTIN, base=-1, serials=["A"]),
        lambda: serials_root(seed=SEED, gtin=GTIN, base=2**53, serials=["A"]),
        lambda: serials_root(seed=SEED, gtin=GTIN, base=0, serials=["A", "\u0661"]),
        lambda: verify_serial(
            proof=SerialProof(5003, b"", PROOF.path), serial="SN000003", **SIGNED
        ),
    ],
)
def test_what_cannot_be_a_serial_is_refused(make):
    with pytest.raises(MalformedInput):
        make()


def test_ranges_have_one_spelling_and_one_digest():
    ranges = ranges_of([9, 1, 2, 3, 2, 5000])

    assert ranges == ((1, 3), (9, 9), (5000, 5000))
    assert count_of(ranges) == 5
    assert (
        set_digest(ranges)
        == sha256(b"pharmatrace/set/v1\0[[1,3],[9,9],[5000,5000]]").digest()
    )
    assert set_digest(()) == sha256(b"pharmatrace/set/v1\0[]").digest()
    assert ranges_of([]) == ()


@given(st.sets(st.integers(0, 200) | st.integers(0, 2**53 - 1)))
def test_any_set_comes_back_from_its_ranges(ordinals):
    if max(ordinals, default=0) > 10**6:
        ordinals = {ordinal % 300 for ordinal in ordinals}
    ranges = ranges_of(ordinals)

    assert {n for first, last in ranges for n in range(first, last + 1)} == ordinals
    assert count_of(ranges) == len(ordinals)
    assert parse_ranges([list(pair) for pair in ranges], field="set") == ranges


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "",
        "[[0,1]]",
        5,
        [0, 1],
        [[0]],
        [[0, 1, 2]],
        [["0", "1"]],
        [[0, 1.0]],
        [[False, True]],
        [[None, 1]],
        [[1, 0]],
        [[-1, 0]],
        [[0, 2**53]],
        [[0, 1], [2, 3]],
        [[0, 1], [1, 3]],
        [[5, 6], [0, 1]],
        [[0, 1], [0, 1]],
        [[[], []]],
    ],
)
def test_ranges_in_another_form_are_refused(value):
    with pytest.raises(MalformedInput):
        parse_ranges(value, field="subjects[0].set")


def test_a_digest_is_made_of_canonical_ranges_only():
    with pytest.raises(MalformedInput):
        set_digest(((0, 1), (2, 3)))
    with pytest.raises(MalformedInput):
        ranges_of([-1])
    assert set_digest(((0, 2**53 - 1),)) != set_digest(((0, 2**53 - 2),))
