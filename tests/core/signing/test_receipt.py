"""Receipts: what the door promised, under the receipt key alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.canonical import canonical_bytes
from apps.core.envelope import RECEIPT_TYPE, STATEMENT_TYPE, parse_envelope
from apps.core.envelope import envelope_bytes as dump
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.receipt import (
    Receipt,
    build_receipt,
    parse_receipt,
    receipt_payload,
    verify_receipt,
    verify_receipt_signature,
)
from apps.core.signing import public_key_of, sign_envelope

FIELDS = {
    "ledger": "trace.example/log",
    "statement_id": "0a" * 32,
    "accepted_ms": 1_772_442_000_123,
    "commitments": ["0b" * 32, "0c" * 32],
    "max_delay_s": 60,
}


@pytest.fixture
def receipt(novamed_key):
    return build_receipt(
        ledger="trace.example/log",
        statement_id="0a" * 32,
        accepted_ms=1_772_442_000_123,
        commitments=[b"\x0b" * 32, b"\x0c" * 32],
        key=novamed_key,
    )


def test_a_receipt_says_exactly_these_bytes(receipt, novamed_key):
    assert receipt.payload == canonical_bytes(FIELDS)
    assert parse_receipt(parse_envelope(dump(receipt))) == Receipt(
        "trace.example/log",
        "0a" * 32,
        1_772_442_000_123,
        (b"\x0b" * 32, b"\x0c" * 32),
    )
    verify_receipt(envelope=receipt, key=public_key_of(novamed_key))


def test_another_key_is_not_the_receipt_key(receipt, mallory_key):
    with pytest.raises(UntrustedSignature):
        verify_receipt(envelope=receipt, key=public_key_of(mallory_key))


def test_an_altered_promise_does_not_verify(receipt, novamed_key):
    changed = canonical_bytes({**FIELDS, "accepted_ms": 1_772_442_000_124})

    with pytest.raises(UntrustedSignature):
        verify_receipt(
            envelope=replace(receipt, payload=changed), key=public_key_of(novamed_key)
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ledger", "two words"),
        ("statement_id", "0a"),
        ("accepted_ms", "1772442000123"),
        ("accepted_ms", -1),
        ("commitments", []),
        ("commitments", ["0b"]),
        ("max_delay_s", 61),
        ("max_delay_s", None),
        ("v", 1),
    ],
)
def test_a_receipt_of_another_form_is_refused(name, value, novamed_key):
    payload = canonical_bytes({**FIELDS, name: value})
    envelope = sign_envelope(
        payload_type=RECEIPT_TYPE, payload=payload, private_keys=[novamed_key]
    )

    with pytest.raises(MalformedInput):
        verify_receipt(envelope=envelope, key=public_key_of(novamed_key))


def test_a_statement_is_not_a_receipt_and_two_signers_are_one_too_many(
    novamed_key, mallory_key
):
    payload = canonical_bytes(FIELDS)
    statement = sign_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, private_keys=[novamed_key]
    )
    crowd = sign_envelope(
        payload_type=RECEIPT_TYPE,
        payload=payload,
        private_keys=[novamed_key, mallory_key],
    )

    for envelope in (statement, crowd):
        with pytest.raises(MalformedInput):
            verify_receipt(envelope=envelope, key=public_key_of(novamed_key))


def test_a_promise_that_could_not_be_read_is_not_signed(novamed_key):
    with pytest.raises(MalformedInput):
        build_receipt(
            ledger="trace.example/log",
            statement_id="0a" * 32,
            accepted_ms=1,
            commitments=[],
            key=novamed_key,
        )


@given(
    st.text(alphabet='az09./+-"\\~!', min_size=1, max_size=20),
    st.integers(0, 2**53 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=3),
)
def test_what_is_promised_is_written_as_rfc_8785_writes_it(ledger, ms, commitments):
    receipt = Receipt(ledger, "0a" * 32, ms, tuple(commitments))

    assert receipt_payload(receipt) == canonical_bytes(
        {
            **FIELDS,
            "ledger": ledger,
            "accepted_ms": ms,
            "commitments": [each.hex() for each in commitments],
        }
    )


def test_a_signature_over_something_else_is_no_receipts(receipt, novamed_key):
    key = public_key_of(novamed_key)
    verify_receipt_signature(envelope=receipt, key=key)

    other = sign_envelope(
        payload_type=STATEMENT_TYPE, payload=receipt.payload, private_keys=[novamed_key]
    )
    with pytest.raises(MalformedInput, match="wrong payload type"):
        verify_receipt_signature(envelope=other, key=key)
