"""The map: inclusion, absence, and one root whatever the order of updates."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import mapbuild
from apps.core.errors import ProofError
from apps.core.map import (
    EMPTY_MAP,
    MapValue,
    map_leaf_hash,
    map_node_hash,
    map_value_hash,
    verify_map_absence,
    verify_map_inclusion,
)
from apps.core.mapbuild import MapTree, build_root, prove
from tests.core.log.map_cast import ENTRIES, KEYS, hashed, naive_root, value


def test_small_maps_have_the_roots_of_the_definition():
    low, high = bytes(32), b"\xff" * 32
    leaf = map_leaf_hash(low, value(1).value_hash)
    other = map_leaf_hash(high, value(2).value_hash)

    assert build_root({}) == EMPTY_MAP == MapTree().root() == bytes(32)
    assert build_root({low: value(1)}) == leaf
    assert build_root({low: value(1), high: value(2)}) == map_node_hash(leaf, other)


def test_keys_that_part_at_the_last_bit_make_the_deepest_path():
    first, last = bytes(32), bytes(31) + b"\x01"
    entries = {first: value(1), last: value(2)}
    proof = prove(entries, last)

    assert len(proof.siblings) == 256
    assert proof.siblings[1:] == (EMPTY_MAP,) * 255
    assert MapTree(entries).prove(last) == proof
    verify_map_inclusion(
        key=last, value=value(2), proof=proof, root=build_root(entries)
    )
    verify_map_absence(
        key=b"\x80" + bytes(31),
        proof=prove(entries, b"\x80" + bytes(31)),
        root=build_root(entries),
    )


@given(ENTRIES)
def test_the_root_is_that_of_the_definition(entries):
    assert build_root(entries) == naive_root(entries)
    assert MapTree(entries).root() == naive_root(entries)


@given(ENTRIES, KEYS)
def test_every_key_is_proven_there_or_not_there(entries, stranger):
    tree = MapTree(entries)
    root = build_root(entries)
    for key in [*entries, stranger]:
        proof = tree.prove(key)
        assert proof == prove(entries, key)
        if key in entries:
            verify_map_inclusion(key=key, value=entries[key], proof=proof, root=root)
            with pytest.raises(ProofError):
                verify_map_absence(key=key, proof=proof, root=root)
            other = value(9) if entries[key] != value(9) else value(10)
            with pytest.raises(ProofError):
                verify_map_inclusion(key=key, value=other, proof=proof, root=root)
        else:
            verify_map_absence(key=key, proof=proof, root=root)
            with pytest.raises(ProofError):
                verify_map_inclusion(key=key, value=value(9), proof=proof, root=root)


UPDATES = st.lists(
    st.dictionaries(
        KEYS, st.none() | st.integers(0, 2**40).map(value), min_size=1, max_size=12
    ),
    max_size=6,
)


@given(ENTRIES, UPDATES)
def test_updates_in_any_order_come_to_the_same_map(entries, updates):
    tree = MapTree(entries)
    now = dict(entries)
    for changes in updates:
        tree.update(changes)
        now |= changes
    now = {key: one for key, one in now.items() if one is not None}

    assert tree.root() == build_root(now)
    for key in [*now, *(key for changes in updates for key in changes)]:
        assert tree.prove(key) == prove(now, key)

    tree.update(dict.fromkeys(now))
    assert tree.root() == EMPTY_MAP


def test_a_larger_map_updated_step_by_step_equals_one_from_scratch():
    tree = MapTree()
    entries = {}
    for step in range(20):
        changes = {hashed(number): value(step) for number in range(step, 3000, 17)}
        tree.update(changes)
        entries |= changes

    assert tree.root() == build_root(entries)
    for number in (0, 5, 2999, 3001, 9999):
        assert tree.prove(hashed(number)) == prove(entries, hashed(number))


@given(ENTRIES, UPDATES)
def test_a_map_that_grows_deeper_stays_the_same_map(entries, updates):
    with pytest.MonkeyPatch.context() as patch:
        # Four buckets of one key: a handful of keys divides them again and again.
        patch.setattr(mapbuild, "_LEAST_DEPTH", 2)
        patch.setattr(mapbuild, "_MOST_A_BUCKET", 1)
        tree, now = MapTree(), {}
        for changes in [entries, *updates]:
            tree.update_hashes(
                {key: one and one.value_hash for key, one in changes.items()}
            )
            now |= changes
            now = {key: one for key, one in now.items() if one is not None}

            assert tree.root() == build_root(now)
        for key in [*now, bytes(32), hashed(401)]:
            assert tree.prove(key) == prove(now, key)


def test_a_key_in_the_middle_of_other_records_is_another_key():
    # Hashes have no such form: both parts of a record are chosen here.
    first, digest = bytes(32), b"\x07" * 32
    record = first + digest
    second = record[16:48]
    pair = sorted([(first, digest), (second, digest)])
    tree = MapTree()
    tree.update_hashes({first: digest})

    tree.update_hashes({second: digest})

    together = MapTree()
    together.update_hashes(dict(reversed(pair)))
    assert tree.root() == together.root()
    assert tree.prove(second).other is None
    tree.update_hashes({second: None})
    assert tree.root() == map_leaf_hash(first, digest)


@given(st.integers(1, 2**64 - 1), st.binary(min_size=32, max_size=32))
def test_a_value_hash_is_that_of_the_value(number, digest):
    one = MapValue(number, digest, number - 1)

    assert map_value_hash(number, digest, number - 1) == one.value_hash
    assert one.value_hash == sha256(one.encode()).digest()


def test_a_key_of_another_length_is_our_bug():
    with pytest.raises(RuntimeError):
        MapTree({b"short": value(1)})
