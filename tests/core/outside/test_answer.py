"""What the site answered about a code, signed: read, verified, and not to be changed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.answer import Answer, digest_of, parse_answer, sign_answer
from apps.core.canonical import canonical_bytes, parse_json
from apps.core.envelope import ANSWER_TYPE, RECEIPT_TYPE, Envelope, envelope_json
from apps.core.errors import MalformedInput
from apps.core.signing import sign_envelope
from tests.core.outside import small_ledger as cast
from tests.core.outside.test_verify import LEDGER, failed_step, room, run

__all__ = ["room"]

SAID = Answer(
    ledger=cast.ORIGIN,
    asked_by="9524141000015",
    at_ms=cast.AT,
    scanned=digest_of("]d20109521568251204172902281 0A123"),
    verdict="hold",
    code="recalled",
    gtin="09521568251204",
    lot="A123",
    expiry="2028-02-29",
    serial="S2",
    recalls=(bytes(range(32)),),
)
GENESIS = envelope_json(LEDGER.said["genesis"][0])


def signed(answer=SAID, *, signer="receipts"):
    return sign_answer(answer, key=cast.key(signer))


def test_an_answer_is_shown_to_be_the_site_s(room, capsys):
    assert run(room, envelope_json(signed()), GENESIS) == 0

    out = capsys.readouterr().out
    assert (
        "15. ok  at 2026-03-02T09:00:00.000Z 9524141000015 was answered hold (recalled)"
        " about GTIN 09521568251204, lot A123, serial S2: signed by trace.example/log"
    ) in out


def test_an_answer_is_found_inside_what_the_machine_door_said(room):
    body = {"verdict": "hold", "receipt": None, "answer": envelope_json(signed())}

    assert run(room, body, GENESIS) == 0


def test_without_genesis_nobody_is_shown_to_have_said_it(room, capsys):
    assert run(room, envelope_json(signed()), genesis="") == 0
    assert "15. --" in capsys.readouterr().out


def test_what_a_code_did_not_say_is_left_open(room, capsys):
    nothing = replace(SAID, gtin="", lot="", expiry="", serial="", recalls=())

    assert run(room, envelope_json(signed(nothing)), GENESIS) == 0
    assert "about GTIN ?, lot ?, serial ?" in capsys.readouterr().out


def test_no_other_key_signs_answers(room, capsys):
    for signer in ("mallory", "operator", "nils"):
        assert run(room, envelope_json(signed(signer=signer)), GENESIS) == 1
        assert failed_step(capsys) == 15


@pytest.mark.parametrize(
    ("name", "value"),
    [("verdict", "dispense"), ("serial", "S3"), ("asked_by", "9521568000017")],
)
def test_an_answer_that_was_changed_does_not_verify(room, capsys, name, value):
    good = signed()
    payload = parse_json(good.payload, max_bytes=1 << 20)
    changed = replace(good, payload=canonical_bytes({**payload, name: value}))

    assert run(room, envelope_json(changed), GENESIS) == 1
    assert failed_step(capsys) == 15


def test_an_answer_of_another_ledger_is_out_of_place(room, capsys):
    foreign = signed(replace(SAID, ledger="other.example/log"))

    assert run(room, envelope_json(foreign), GENESIS) == 1
    assert failed_step(capsys) == 15


def test_a_receipt_is_no_answer_and_an_answer_no_receipt(room, capsys):
    good = signed()
    posing = Envelope(RECEIPT_TYPE, good.payload, good.signatures)
    assert run(room, envelope_json(posing), GENESIS) == 1
    assert failed_step(capsys) == 11

    receipt = LEDGER.receipt("commission")
    posing = Envelope(ANSWER_TYPE, receipt.payload, receipt.signatures)
    assert run(room, envelope_json(posing), GENESIS) == 1
    assert failed_step(capsys) == 15


def test_an_answer_has_one_signature(room, capsys):
    two = sign_envelope(
        payload_type=ANSWER_TYPE,
        payload=signed().payload,
        private_keys=[cast.key("receipts"), cast.key("nils")],
    )

    assert run(room, envelope_json(two), GENESIS) == 1
    assert failed_step(capsys) == 15


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "Dispense"},
        {"code": ""},
        {"code": "x" * 41},
        {"asked_by": "9524141000016"},
        {"ledger": "two words"},
        {"scanned": bytes(31)},
        {"gtin": "9521568251204"},
        {"lot": "A 123"},
        {"serial": "S" * 21},
        {"expiry": "29 Feb 2028"},
        {"at_ms": -1},
        {"recalls": (bytes(31),)},
        {"recalls": (bytes(32),) * 1_001},
    ],
)
def test_what_could_not_be_read_back_is_not_signed(changes):
    with pytest.raises(MalformedInput):
        signed(replace(SAID, **changes))


@given(st.binary(max_size=300))
def test_any_payload_gives_an_answer_or_a_refusal(payload):
    with pytest.raises(MalformedInput):
        parse_answer(Envelope(ANSWER_TYPE, payload, ()))


def test_an_answer_is_read_back_as_it_was_signed():
    assert parse_answer(signed()) == SAID


@given(st.text(max_size=50), st.text(max_size=50))
def test_two_scans_have_two_digests(first, second):
    assert (digest_of(first) == digest_of(second)) == (first == second)
