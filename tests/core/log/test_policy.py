"""Trust policies: what a file says, and which witnesses are enough."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput, ProofError, UntrustedSignature
from apps.core.notekey import SignatureType, SignerKey
from apps.core.policy import Policy, PolicyGroup, open_trusted_checkpoint
from tests.core.log.log_cast import (
    CHEMISTS,
    LOG,
    LOG_PQ,
    MALLORY,
    NOW,
    POLICY,
    POLICY_TEXT,
    REGULATOR,
    RIVAL,
    flip,
    signed_note,
)
from tests.vectors import vectors_path

WITNESSES = {"regulator": REGULATOR, "chemists": CHEMISTS, "rival": RIVAL}
NO_WITNESS = f"log {LOG.verifier.format()}\nquorum none\n"


def test_a_policy_is_read_and_comes_back():
    assert [log.key for log in POLICY.logs] == [LOG.verifier, LOG_PQ.verifier]
    assert [witness.name for witness in POLICY.witnesses] == list(WITNESSES)
    assert POLICY.witnesses[0].url == "https://regulator.example/"
    assert POLICY.groups == (PolicyGroup("two-of-three", 2, tuple(WITNESSES)),)
    assert Policy.parse(POLICY.format()) == POLICY


def test_the_example_of_the_standard_is_read():
    spec = vectors_path("crypto/C2SP-specs/tlog-policy.md").read_text()
    example = re.search(r"```\n(log <vkey>\n.*?)```", spec, re.S)[1]
    kinds = iter([SignatureType.ED25519] + [SignatureType.COSIGNATURE_ED25519] * 6)
    text = re.sub(
        "<vkey>",
        lambda _: SignerKey.generate("k.example", next(kinds)).verifier.format(),
        example,
    )

    policy = Policy.parse(text.encode())

    assert policy.quorum == "X-and-Y"
    assert [group.threshold for group in policy.groups] == [2, 1, 2]
    assert policy.is_quorum({"X1", "X3", "Y2"})
    assert not policy.is_quorum({"X1", "X2", "X3"})
    assert not policy.is_quorum({"X1", "Y1", "Y2", "Y3"})
    assert not policy.is_quorum({"X-witnesses", "Y-witnesses", "X-and-Y"})


@pytest.mark.parametrize("number", range(4))
def test_two_of_three_witnesses_are_enough(number):
    for names in combinations(WITNESSES, number):
        note = signed_note(LOG, MALLORY, *(WITNESSES[name] for name in names))
        if number >= 2:
            signed = open_trusted_checkpoint(note.format(), POLICY)
            assert POLICY.cosigned_names(signed) == frozenset(names)
            continue
        with pytest.raises(ProofError) as refusal:
            open_trusted_checkpoint(note.format(), POLICY)
        assert refusal.value.code == "no_quorum"


def test_a_witness_that_signs_twice_counts_once():
    note = signed_note(LOG, REGULATOR)
    note = note.adding([REGULATOR.sign(note.text, time_seconds=NOW + 60)])

    with pytest.raises(ProofError):
        open_trusted_checkpoint(note.format(), POLICY)


def test_a_forged_cosignature_spoils_the_head_even_above_quorum():
    note = signed_note(LOG, REGULATOR, RIVAL)
    forged = CHEMISTS.sign(signed_note(size=7).text, time_seconds=NOW)

    open_trusted_checkpoint(note.format(), POLICY)
    with pytest.raises(UntrustedSignature):
        open_trusted_checkpoint(note.adding([forged]).format(), POLICY)


def test_a_head_that_the_log_did_not_sign_is_refused():
    with pytest.raises(UntrustedSignature):
        open_trusted_checkpoint(signed_note(REGULATOR, RIVAL).format(), POLICY)


def test_no_quorum_asks_for_no_witness():
    policy = Policy.parse(NO_WITNESS.encode())

    open_trusted_checkpoint(signed_note(LOG).format(), policy)


def test_the_quorum_may_be_one_witness():
    witness = REGULATOR.verifier.format()
    policy = Policy.parse(f"witness w {witness}\nquorum w\n".encode())

    assert policy.is_quorum({"w"})
    assert not policy.is_quorum(set())
    assert policy.logs == ()


def test_names_are_octets_that_need_not_be_text():
    witness = REGULATOR.verifier.format().encode()
    data = b"witness \xff\xfe " + witness + b"\nquorum \xff\xfe\n"

    assert Policy.parse(data).format() == data
    with pytest.raises(MalformedInput):
        Policy.parse(data.replace(b"quorum \xff\xfe", b"quorum \xff\xff"))


def test_a_kelvin_sign_is_not_a_k():
    witness = REGULATOR.verifier.format()

    with pytest.raises(MalformedInput):
        Policy.parse(f"witness K {witness}\nquorum \u212a\n".encode())


W = f"witness w {REGULATOR.verifier.format()}\n"
V = f"witness v {RIVAL.verifier.format()}\n"
L = f"log {LOG.verifier.format()}\n"
Q = "quorum none\n"
TWIN = SignerKey("twin", SignatureType.COSIGNATURE_ED25519, REGULATOR.seed)
LOG_TWIN = SignerKey("twin", SignatureType.ED25519, LOG.seed)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_quorum"),
        (L, "no_quorum"),
        ("quorum none", "unterminated_line"),
        (Q + Q, "bad_quorum_line"),
        ("quorum\n", "bad_quorum_line"),
        (W + "quorum w w\n", "bad_quorum_line"),
        ("quorum w\n" + W, "undefined_name"),
        (W + "quorum W\n", "undefined_name"),
        (W + W + Q, "duplicate_key"),
        (W + f"witness w {RIVAL.verifier.format()}\n" + Q, "name_defined_twice"),
        (f"witness none {RIVAL.verifier.format()}\n" + Q, "name_defined_twice"),
        (W + f"witness t {TWIN.verifier.format()}\n" + Q, "duplicate_key"),
        (L + f"log {LOG_TWIN.verifier.format()}\n" + Q, "duplicate_key"),
        (f"log {REGULATOR.verifier.format()}\n" + Q, "unfit_key_type"),
        (f"witness w {LOG.verifier.format()}\n" + Q, "unfit_key_type"),
        ("log\n" + Q, "bad_log_line"),
        (L.strip() + " url more\n" + Q, "bad_log_line"),
        ("witness w\n" + Q, "bad_witness_line"),
        (W.strip() + " url more\n" + Q, "bad_witness_line"),
        ("witness w nokey\n" + Q, "bad_key"),
        (W + "group g any\n" + Q, "bad_group_line"),
        (W + "group g 0 w\n" + Q, "bad_threshold"),
        (W + "group g 2 w\n" + Q, "number_too_large"),
        (W + "group g 01 w\n" + Q, "bad_number"),
        (W + "group g some w\n" + Q, "bad_number"),
        (W + "group g any w w\n" + Q, "member_twice"),
        (W + "group g any w\ngroup h any w\n" + Q, "member_twice"),
        (W + "group g any v\n" + V + Q, "undefined_name"),
        (W + "group g any g\n" + Q, "undefined_name"),
        (W + "group g any none\n" + Q, "undefined_name"),
        (W + "group w any w\n" + Q, "name_defined_twice"),
        ("Quorum none\n", "unknown_keyword"),
        ("logs x\n" + Q, "unknown_keyword"),
        ("quorum none\r\n", "control_character"),
        ("quorum\0none\n", "control_character"),
        ("quorum\vnone\n", "control_character"),
        ("# \x7f\n" + Q, "control_character"),
        ("#" * 1_000_001 + "\n", "policy_too_large"),
    ],
)
def test_what_is_not_a_policy_is_refused(text, code):
    with pytest.raises(MalformedInput) as refusal:
        Policy.parse(text.encode())
    assert refusal.value.code == code


@given(st.binary(max_size=80), st.integers(0, len(POLICY_TEXT.encode()) * 8 - 1))
def test_any_bytes_are_a_policy_or_malformed(data, bit):
    for candidate in (data, Q.encode() + data + b"\n", flip(POLICY_TEXT.encode(), bit)):
        try:
            policy = Policy.parse(candidate)
        except MalformedInput:
            continue
        assert Policy.parse(policy.format()) == policy
