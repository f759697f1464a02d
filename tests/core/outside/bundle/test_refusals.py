"""What `pharmatrace-verify bundle.zip` refuses, at which step, with which code."""

import pytest

from apps.core.bundle.zipform import MANIFEST
from apps.core.notekey import SignatureType, SignerKey
from apps.core.outside import verify as command
from tests.core.bundle.planning import bundle_of
from tests.core.outside.bundle.endings import UNREADABLE, is_step, note_of
from tests.core.outside.small_ledger import LOG, ORIGIN, POLICY


def test_a_bundle_needs_the_id_that_all_begins_with(refusal):
    said = refusal(genesis="")

    assert is_step(said, 2, "no genesis")
    assert "--genesis ID" in said


@pytest.mark.parametrize("genesis", ["0" * 64, "genesis"])
def test_another_genesis(refusal, genesis):
    assert is_step(refusal(genesis=genesis), 2, "wrong genesis")


def test_a_bundle_stands_alone(refusal, room):
    (room / "receipt").write_bytes(b"{}")

    said = refusal(files=("bundle.zip", "receipt"))

    assert is_step(said, 1, "bundle alone")


def test_a_policy_that_is_missing(refusal):
    assert is_step(refusal(policy="none"), 1, "unreadable")


def test_a_policy_that_is_none(refusal, room):
    (room / "policy").write_bytes(b"log\n")

    assert is_step(refusal(), 1)


def test_a_policy_of_another_log(refusal, room):
    other = SignerKey.generate(ORIGIN, SignatureType.ED25519).verifier.format()
    policy = POLICY.replace(LOG.verifier.format().encode(), other.encode())
    assert policy != POLICY
    (room / "policy").write_bytes(policy)

    assert is_step(refusal(), 2)


def test_a_policy_whose_witnesses_did_not_see_it(refusal, room, history):
    history.ledger.note, kept = note_of(history, signers=(LOG,)), history.ledger.note
    try:
        (room / "bundle.zip").write_bytes(bundle_of(history, "A1"))
    finally:
        history.ledger.note = kept

    assert is_step(refusal(), 2, "no quorum")


def test_a_zip_that_is_no_bundle(refusal, room):
    (room / "bundle.zip").write_bytes(b"PK\3\4" + bytes(100))

    said = refusal()

    assert is_step(said, 1, "bad zip")
    assert MANIFEST in said


def test_a_file_that_goes_away_ends_with_2(refusal, room, monkeypatch):
    monkeypatch.setattr(command, "is_bundle", lambda name: True)

    assert refusal(files=("none",), code=UNREADABLE).startswith("cannot read or write")
