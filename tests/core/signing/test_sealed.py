"""Signatures of what is stored: each holds under the key that it names, or is named."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from apps.core.canonical import canonical_bytes
from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    RECEIPT_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_bytes,
    envelope_digest,
    envelope_json,
    pae,
    statement_id,
)
from apps.core.receipt import build_receipt
from apps.core.sealed import Sealed, SealedBatch, SealJudge
from apps.core.signing import public_key_of, sign, sign_envelope
from tests.core.signing.test_webauthn import SCOPE, assertion, evidence, passkey_of

PAYLOAD = b'{"v":1}'
PAE = pae(STATEMENT_TYPE, PAYLOAD)


def signed_by(*keys):
    return [Signature(public_key_of(key).keyid, sign(key, PAE)) for key in keys]


def sealed(signatures, receipt):
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE, payload=PAYLOAD, signatures=signatures
    )
    return Sealed(
        statement_id(envelope),
        envelope_digest(envelope),
        " ".join(each.keyid for each in envelope.signatures),
        PAYLOAD,
        canonical_bytes(envelope_json(envelope)["signatures"]),
        envelope_bytes(receipt),
    )


def plain(*keys):
    return {key.keyid: (key.alg, key.spki) for key in keys}


@pytest.fixture
def receipt(mallory_key):
    return build_receipt(
        ledger="trace.example/log",
        statement_id="0a" * 32,
        accepted_ms=7,
        commitments=[bytes(32)],
        key=mallory_key,
    )


@pytest.fixture
def delegated(novamed_key, stella_key):
    """A device key's signature, which Novamed's key lent its voice."""
    delegation = Delegation(
        ledger="trace.example/log",
        by="9521568000017",
        signer="id-of-nora",
        role="signer",
        site="9521568000024",
        key=public_key_of(stella_key),
        from_ms=0,
        to_ms=3_600_000,
    )
    lent = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(delegation),
        private_keys=[novamed_key],
    )
    return replace(signed_by(stella_key)[0], delegation=lent)


@pytest.fixture
def judge(novamed_key, stella_key, mallory_key):
    """What is found in rows, of which Novamed's and Stella's keys are enrolled."""
    keys = plain(public_key_of(novamed_key), public_key_of(stella_key))
    receipt_keys = plain(public_key_of(mallory_key))

    def found(*rows, keys=keys, receipt_keys=receipt_keys, webauthn=None):
        batch = SealedBatch(rows, keys, receipt_keys, webauthn)
        return [(each.row, each.part, each.code) for each in SealJudge()(batch)]

    return found


def test_signatures_of_both_kinds_of_keys_hold(
    judge, novamed_key, stella_key, mallory_key, receipt
):
    rows = [
        sealed(signed_by(novamed_key), receipt),
        sealed(signed_by(stella_key), receipt),
        sealed(signed_by(stella_key, novamed_key), receipt),
    ]

    assert judge(*rows) == []


def test_a_signature_of_another_key_is_named_in_its_row(
    judge, novamed_key, stella_key, mallory_key, receipt
):
    (true,) = signed_by(novamed_key)
    false = replace(true, sig=sign(mallory_key, PAE))
    rows = [sealed([true], receipt), sealed([false], receipt)]
    both = sealed([*signed_by(stella_key), false], receipt)

    assert judge(*rows) == [(1, "statement", "bad_signature")]
    assert judge(both) == [(0, "statement", "bad_signature")]


def test_a_key_that_nobody_enrolled_is_left_to_who_knows_the_keys(
    judge, novamed_key, receipt
):
    assert judge(sealed(signed_by(novamed_key), receipt), keys={}) == []


def test_a_passkey_signs_for_this_site_alone(judge, stella_key, receipt):
    row = sealed([assertion(stella_key, evidence(PAE))], receipt)
    keys = plain(passkey_of(stella_key))

    assert judge(row, keys=keys, webauthn=SCOPE) == []
    elsewhere = replace(SCOPE, rp_id="mallory.example")
    for scope in (None, elsewhere):
        (only,) = judge(row, keys=keys, webauthn=scope)
        assert only[:2] == (0, "statement")


def test_of_a_lent_voice_both_signatures_must_hold(
    judge, novamed_key, mallory_key, delegated, receipt
):
    assert judge(sealed([delegated], receipt)) == []

    device = replace(delegated, sig=sign(mallory_key, PAE))
    lent = delegated.delegation
    (inner,) = lent.signatures
    forged = replace(inner, sig=sign(mallory_key, lent.pae))
    lender = replace(delegated, delegation=replace(lent, signatures=(forged,)))
    for false in (device, lender):
        row = sealed([false], receipt)
        assert judge(row) == [(0, "statement", "bad_signature")]


@pytest.mark.parametrize("fact", ["statement_id", "envelope_digest", "keyids"])
def test_what_the_row_says_of_its_envelope_is_compared(
    judge, novamed_key, receipt, fact
):
    row = sealed(signed_by(novamed_key), receipt)
    other = row._replace(**{fact: type(getattr(row, fact))()})

    assert judge(row, other) == [(1, "statement", f"{fact}_differs")]


def test_bytes_that_are_no_envelope_are_named(judge, novamed_key, receipt):
    row = sealed(signed_by(novamed_key), receipt)
    rows = [row._replace(signatures=b"[]"), row._replace(receipt=b"{}")]

    assert judge(*rows) == [
        (0, "statement", "bad_length"),
        (1, "receipt", "missing_field"),
    ]


def test_a_receipt_is_signed_by_a_receipt_key_and_no_other(
    judge, novamed_key, mallory_key, receipt
):
    row = sealed(signed_by(novamed_key), receipt)
    statements = sign_envelope(
        payload_type=STATEMENT_TYPE, payload=PAYLOAD, private_keys=[mallory_key]
    )
    false = replace(
        receipt, signatures=(replace(receipt.signatures[0], sig=bytes(64)),)
    )
    rows = [row._replace(receipt=envelope_bytes(each)) for each in (statements, false)]

    assert judge(row, receipt_keys={}) == [(0, "receipt", "unknown_receipt_key")]
    assert judge(*rows) == [
        (0, "receipt", "wrong_payload_type"),
        (1, "receipt", "bad_signature"),
    ]
    assert receipt.payload_type == RECEIPT_TYPE


def _true():
    key = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    promised = build_receipt(
        ledger="trace.example/log",
        statement_id="0a" * 32,
        accepted_ms=7,
        commitments=[bytes(32)],
        key=key,
    )
    keys = plain(public_key_of(key))
    return sealed(signed_by(key), promised), SealedBatch([], keys, keys, None)


TRUE = _true()


@given(st.sampled_from(["payload", "signatures", "receipt"]), st.data())
def test_no_flipped_bit_of_what_is_sealed_goes_unnoticed(part, chosen):
    row, batch = TRUE
    data = bytearray(getattr(row, part))
    at = chosen.draw(st.integers(0, len(data) * 8 - 1))
    data[at // 8] ^= 1 << at % 8
    false = row._replace(**{part: bytes(data)})

    assert SealJudge()(replace(batch, rows=[row])) == []
    assert SealJudge()(replace(batch, rows=[false])) != []
