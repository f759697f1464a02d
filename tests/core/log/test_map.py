"""The map: inclusion, absence, and one root whatever the order of updates."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import mapbuild
from apps.core.errors import ProofError
from apps.core.map import (
    EMPTY_MAP,
    MapProof,
    MapValue,
    OtherLeaf,
    map_leaf_hash,
    map_node_hash,
    map_value_hash,
    verify_map_absence,
    verify_map_inclusion,
)
from apps.core.mapbuild import MapTree, build_root, prove
from tests.core.log.log_cast import flip


def value(number):
    return MapValue(number + 1, sha256(bytes([number % 256])).digest(), number)


def hashed(number):
    return sha256(number.to_bytes(4, "big")).digest()


# Few first bytes and a shared middle, so that paths meet, share buckets and run deep.
KEYS = st.one_of(
    st.integers(0, 400).map(hashed),
    st.builds(
        lambda head, tail: bytes([head]) + bytes(29) + tail,
        st.sampled_from([0, 1, 128, 255]),
        st.binary(min_size=2, max_size=2),
    ),
)
ENTRIES = st.dictionaries(KEYS, st.integers(0, 2**40).map(value), max_size=30)


def naive_root(entries, depth=0):
    """The definition, word for word."""
    if not entries:
        return bytes(32)
    if len(entries) == 1:
        ((key, one),) = entries.items()
        return sha256(b"\x02" + key + sha256(one.encode()).digest()).digest()
    sides = ({}, {})
    for key, one in entries.items():
        bits = f"{int.from_bytes(key, 'big'):0256b}"
        sides[int(bits[depth])][key] = one
    left, right = (naive_root(side, depth + 1) for side in sides)
    return sha256(b"\x03" + left + right).digest()


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


ALL = {hashed(number): value(number) for number in range(64)}
ROOT = build_root(ALL)


@given(st.integers(0, 63), st.data())
def test_a_flipped_bit_in_an_inclusion_proof_never_verifies(number, data):
    key = hashed(number)
    proof = prove(ALL, key)
    parts = [key, ROOT, *proof.siblings]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = flip(parts[place], data.draw(st.integers(0, 255)))

    with pytest.raises(ProofError):
        verify_map_inclusion(
            key=parts[0],
            value=ALL[key],
            proof=MapProof(tuple(parts[2:])),
            root=parts[1],
        )


@given(st.integers(64, 400), st.data())
def test_a_flipped_bit_in_an_absence_proof_never_verifies(number, data):
    proof = prove(ALL, hashed(number))
    other = (proof.other.key, proof.other.value_hash) if proof.other else ()
    parts = [ROOT, *proof.siblings, *other]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = flip(parts[place], data.draw(st.integers(0, 255)))
    depth = len(proof.siblings)
    ending = OtherLeaf(*parts[depth + 1 :]) if other else None

    with pytest.raises(ProofError):
        verify_map_absence(
            key=hashed(number),
            proof=MapProof(tuple(parts[1 : depth + 1]), ending),
            root=parts[0],
        )


def code_of(check, **evidence):
    with pytest.raises(ProofError) as refusal:
        check(**evidence)
    return refusal.value.code


def test_a_present_key_is_not_shown_absent_by_any_end_of_its_path():
    key = hashed(7)
    proof = prove(ALL, key)
    own = OtherLeaf(key, ALL[key].value_hash)
    neighbour = OtherLeaf(hashed(8), ALL[hashed(8)].value_hash)
    absent = {"key": key, "root": ROOT}

    def with_end(end):
        return MapProof(proof.siblings, end)

    assert (
        code_of(verify_map_absence, **absent, proof=with_end(own)) == "key_is_present"
    )
    assert code_of(verify_map_absence, **absent, proof=proof) == "root_mismatch"
    assert (
        code_of(verify_map_absence, **absent, proof=with_end(neighbour)) == "other_path"
    )
    for short in range(len(proof.siblings)):
        cut = MapProof(proof.siblings[short:])
        assert code_of(verify_map_absence, **absent, proof=cut) in {
            "root_mismatch",
            "path_too_deep",
        }


def test_another_leaf_far_from_the_key_proves_nothing():
    absent = next(
        hashed(n) for n in range(64, 999) if prove(ALL, hashed(n)).other is not None
    )
    proof = prove(ALL, absent)
    stranger = next(key for key in ALL if (key[0] ^ absent[0]) & 0x80)
    shown = prove(ALL, stranger).siblings
    other = OtherLeaf(stranger, ALL[stranger].value_hash)

    verify_map_absence(key=absent, proof=proof, root=ROOT)
    assert (
        code_of(verify_map_absence, key=absent, proof=MapProof(shown, other), root=ROOT)
        == "other_path"
    )


def test_a_path_that_splits_a_single_key_is_refused():
    key = hashed(1)
    leaf = map_leaf_hash(key, value(1).value_hash)
    pair = (EMPTY_MAP, leaf) if key[0] & 0x80 else (leaf, EMPTY_MAP)
    built_wrong = map_node_hash(*pair)

    assert (
        code_of(
            verify_map_inclusion,
            key=key,
            value=value(1),
            proof=MapProof((EMPTY_MAP,)),
            root=built_wrong,
        )
        == "path_too_deep"
    )


@pytest.mark.parametrize(
    ("key", "proof", "code"),
    [
        (hashed(1), MapProof((bytes(31),)), "bad_proof_hash"),
        (hashed(1), MapProof((hashed(1),) * 257), "bad_map_proof"),
        (b"short", MapProof(()), "bad_map_proof"),
        (hashed(1), MapProof((), OtherLeaf(b"", hashed(2))), "bad_proof_hash"),
        (hashed(1), MapProof((), OtherLeaf(hashed(2), b"")), "bad_proof_hash"),
    ],
)
def test_proofs_of_a_wrong_form_are_refused(key, proof, code):
    assert code_of(verify_map_absence, key=key, proof=proof, root=ROOT) == code


def test_a_proof_of_absence_does_not_show_inclusion():
    proof = MapProof((), OtherLeaf(hashed(1), value(1).value_hash))
    evidence = {"key": hashed(1), "value": value(1), "root": build_root({})}

    assert code_of(verify_map_inclusion, **evidence, proof=proof) == "proof_of_absence"
