"""Map proofs that were bent: none of them verifies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import ProofError
from apps.core.map import (
    EMPTY_MAP,
    MapProof,
    OtherLeaf,
    map_leaf_hash,
    map_node_hash,
    verify_map_absence,
    verify_map_inclusion,
)
from apps.core.mapbuild import build_root, prove
from tests.core.log.log_cast import flip
from tests.core.log.map_cast import hashed, value

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
