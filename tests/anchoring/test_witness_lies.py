"""Witnesses that are slow, broken or lie, and a policy nobody can read."""

import threading
from datetime import timedelta

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.models import WitnessState
from apps.anchoring.operations import open_stores
from apps.core.errors import IntegrityBreach, Unavailable
from apps.core.note import NoteSignature
from apps.core.notekey import SignerKey
from apps.ledger import queries as ledger_queries
from tests.anchoring.network import (
    cosigners,
)
from tests.ledger.sayings import AT, append, saying

pytestmark = pytest.mark.django_db(transaction=True)

SOON = timedelta(seconds=1)


def say(*words: str) -> None:
    append(saying(*words))


LIES = {
    "ahead": (409, b"9999\n"),
    "not a size": (409, b"many\n"),
    "never heard of you": (404, b"unknown log\n"),
    "inconsistent": (422, b"no\n"),
    "nothing": (200, b""),
    "html": (200, b"<html>\n"),
    "no utf-8": (200, b"\xff\n"),
    "somebody else's": (200, b"\xe2\x80\x94 x.example/w CMp+6LWBU0anHGH5\n"),
    "elsewhere": (302, b""),
    "broken": (500, b"oops"),
    "too much": (200, b"\xe2\x80\x94 " * 40_000),
}


@pytest.mark.parametrize("lie", LIES)
def test_one_that_lies_is_shown_and_stops_nobody(network, log, lie):
    say("lot A")
    with network.pretending(lambda _body: LIES[lie], "three"):
        for number in range(3):
            operations.sequence(at=AT + number * timedelta(seconds=11))

    assert cosigners(log) == {"one", "two"}
    assert WitnessState.objects.get(witness="three").fault
    assert ledger_queries.find_quarantine() is None


def test_a_forged_cosignature_is_not_published(network, log):
    honest = network.all[2]
    forger = SignerKey(
        honest.signer.name,
        honest.signer.kind,
        SignerKey.generate("x", honest.signer.kind).seed,
    )

    def reply(body: bytes) -> tuple[int, bytes]:
        text = body.partition(b"\n\n")[2].partition(b"\n\n")[0].decode() + "\n"
        line = forger.sign(text, time_seconds=1).line
        own = honest.signer.verifier.key_id
        forged = NoteSignature.parse(line.rstrip("\n"))
        return 200, NoteSignature(forged.name, own, forged.signature).line.encode()

    say("lot A")
    with network.pretending(reply, "three"):
        operations.sequence(at=AT)

    assert cosigners(log) == {"one", "two"}
    assert WitnessState.objects.get(witness="three").fault == "bad_note_signature"


def test_a_trickle_does_not_hold_the_log(network, log):
    gate = threading.Event()

    def reply(_body: bytes) -> tuple[int, bytes]:
        gate.wait(60)
        return 200, b""

    say("lot A")
    with network.pretending(reply, "three"):
        operations.sequence(at=AT)
        gate.set()

    assert cosigners(log) == {"one", "two"}
    assert WitnessState.objects.get(witness="three").fault == "witness_silent"


def test_a_quorum_that_contradicts_stops_the_log(network, log):
    say("lot A")
    with (
        network.pretending(lambda _body: LIES["inconsistent"], "one", "two"),
        pytest.raises(IntegrityBreach, match="witnesses_contradict"),
    ):
        operations.sequence(at=AT)

    assert ledger_queries.find_quarantine() is not None
    assert not (log / "checkpoint").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "policy_missing"),
        (..., "policy_unusable"),
        ("quorum\n", "policy_unusable"),
        ("log {log}\nquorum none\n", "policy_unusable"),
        ("witness w {witness} ftp://w.example\nquorum w\n", "policy_unusable"),
        ("witness w {witness}\nquorum w\n", "policy_unusable"),
    ],
)
def test_a_policy_that_cannot_be_read_publishes_nothing(network, log, text, code):
    key = network.all[0].signer.verifier.format()
    if text is None:
        network.policy.unlink()
    elif text is ...:  # a folder stands where the file should
        network.policy.unlink()
        network.policy.mkdir()
    else:
        own = open_stores().keys[0].format()
        network.policy.write_text(text.format(log=own, witness=key))
    say("lot A")

    with pytest.raises(Unavailable) as refused:
        operations.sequence(at=AT)

    assert refused.value.code == code
    assert not (log / "checkpoint").exists()
    assert queries.status(at=AT).witnesses_label == "witnesses unknown"
