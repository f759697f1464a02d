"""Proof files: their form, and the numbered steps that believe them."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput, ProofError
from apps.core.merkle import leaf_hash
from apps.core.proof import HEADER, TlogProof, open_proof, verify_proof
from apps.core.tree import inclusion_path
from tests.core.log.log_cast import (
    CHEMISTS,
    ENTRIES,
    LOG,
    LOG_PQ,
    MALLORY,
    NOW,
    POLICY,
    REGULATOR,
    RIVAL,
    TREE,
    flip,
    head,
    signed_note,
)
from tests.vectors import vectors_path

NOTE = signed_note(LOG, LOG_PQ, REGULATOR, CHEMISTS)


def proof_of(index, note=NOTE):
    path = inclusion_path(TREE, index=index, tree_size=len(ENTRIES))
    return TlogProof(index, tuple(path), note.format())


PROOF = proof_of(13)
LEAF = leaf_hash(ENTRIES[13])


def test_every_entry_is_proven_from_its_file():
    for index, entry in enumerate(ENTRIES):
        proof = TlogProof.parse(proof_of(index).format())
        signed = open_proof(proof, leaf_hash=leaf_hash(entry), policy=POLICY)
        assert signed.checkpoint == head()
        verify_proof(proof, leaf_hash=leaf_hash(entry), policy=POLICY)


def test_the_file_has_the_form_of_the_standard():
    spec = vectors_path("crypto/C2SP-specs/tlog-proof.md").read_text()
    example = re.search(r"```\n(c2sp.org/tlog-proof@v1\n.*?)\n\n", spec, re.S)[1]
    # The extra line of the example was cut by hand and is no base64.
    shape = re.sub("extra .*", "extra ZXh0cmE=", example).encode()

    proof = TlogProof.parse(shape + b"\n\n" + NOTE.format())

    assert proof.index == 73_894
    assert len(proof.path) == 5
    assert proof.extra == b"extra"
    assert proof.format() == shape + b"\n\n" + NOTE.format()


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(min_size=1, max_size=90),
)
def test_proofs_come_back(index, path, extra):
    proof = TlogProof(index, tuple(path), NOTE.format(), extra)

    assert TlogProof.parse(proof.format()) == proof


HASH = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
TAIL = "\n" + NOTE.format().decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        f"{HEADER}\n{TAIL}",
        f"{HEADER}\nindex 1\n",
        f"c2sp.org/tlog-proof@v2\nindex 1\n{TAIL}",
        f"{HEADER} \nindex 1\n{TAIL}",
        f"\n{HEADER}\nindex 1\n{TAIL}",
        f"{HEADER}\nindex\n{TAIL}",
        f"{HEADER}\nindex 01\n{TAIL}",
        f"{HEADER}\nindex -1\n{TAIL}",
        f"{HEADER}\nindex 1 \n{TAIL}",
        f"{HEADER}\nIndex 1\n{TAIL}",
        f"{HEADER}\nindex 1\nextra AAAA\n{TAIL}",
        f"{HEADER}\nextra \nindex 1\n{TAIL}",
        f"{HEADER}\nextra AAA\nindex 1\n{TAIL}",
        f"{HEADER}\nextra AAAA\nextra AAAA\nindex 1\n{TAIL}",
        f"{HEADER}\nindex 1\nAAAA\n{TAIL}",
        f"{HEADER}\nindex 1\n {HASH}{TAIL}",
        f"{HEADER}\nindex 1\n{HASH * 64}{TAIL}",
        f"{HEADER}\nindex 1\n{HASH * 5000}{TAIL}",
        f"{HEADER}\nindex 1\n{HASH}\n",
        f"{HEADER}\nindex 1\n{HASH}\nno checkpoint\n\n— n AAAAAAE=\n",
        f"{HEADER}\r\nindex 1\r\n{TAIL}",
        f"{HEADER}\nindex é\n{TAIL}",
        "x" * 2_000_001,
    ],
)
def test_what_is_not_a_proof_is_refused(text):
    with pytest.raises(MalformedInput):
        TlogProof.parse(text.encode())


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(MalformedInput):
        TlogProof.parse(b"\xff\n\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_proof_or_malformed(data):
    for candidate in (data, HEADER.encode() + b"\nindex 1\n" + data + TAIL.encode()):
        try:
            proof = TlogProof.parse(candidate)
        except MalformedInput:
            continue
        assert proof.format() == candidate


@given(st.integers(0, len(proof_of(13).format()) * 8 - 1))
def test_a_flipped_bit_in_the_file_never_verifies(bit):
    # A bit in the name or id of a line only makes its signer unknown: with two of
    # three lines left over the quorum nothing is lost, so count on none to spare.
    exact = proof_of(13, signed_note(LOG, REGULATOR, CHEMISTS)).format()

    with pytest.raises((MalformedInput, ProofError)):
        verify_proof(
            TlogProof.parse(flip(exact, bit % (len(exact) * 8))),
            leaf_hash=LEAF,
            policy=POLICY,
        )


@pytest.mark.parametrize(
    ("proof", "leaf", "step", "code"),
    [
        (PROOF, b"", 1, "bad_leaf_hash"),
        (proof_of(13, signed_note(REGULATOR)), LEAF, 2, "no_known_signature"),
        (
            replace(
                PROOF,
                checkpoint=NOTE.format().replace(LOG.name.encode(), b"other.example"),
            ),
            LEAF,
            2,
            "unknown_origin",
        ),
        (proof_of(13, signed_note(LOG, REGULATOR, MALLORY)), LEAF, 3, "no_quorum"),
        (
            proof_of(13, NOTE.adding([RIVAL.sign(head(7).format(), time_seconds=NOW)])),
            LEAF,
            3,
            "bad_note_signature",
        ),
        (PROOF, leaf_hash(ENTRIES[12]), 4, "root_mismatch"),
        (replace(PROOF, index=12), LEAF, 4, "root_mismatch"),
        (replace(PROOF, index=20), LEAF, 4, "index_outside_tree"),
        (replace(PROOF, path=PROOF.path[:-1]), LEAF, 4, "proof_too_short"),
        (replace(PROOF, path=(*PROOF.path, LEAF)), LEAF, 4, "proof_too_long"),
    ],
)
def test_the_failed_step_is_named(proof, leaf, step, code):
    with pytest.raises(ProofError) as refusal:
        verify_proof(proof, leaf_hash=leaf, policy=POLICY)
    assert (refusal.value.step, refusal.value.code) == (step, code)


def test_the_extra_data_proves_nothing_and_harms_nothing():
    verify_proof(replace(PROOF, extra=b"anything"), leaf_hash=LEAF, policy=POLICY)
