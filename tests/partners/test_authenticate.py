from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    build_envelope,
    envelope_bytes,
    parse_envelope,
)
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import parse_statement
from apps.ledger.formats import as_ms
from apps.ledger.operations import Submission
from apps.partners import operations
from apps.partners.models import SigningKey
from tests.cast import NOVAMED, STELLA, Stage
from tests.partners.helpers import altered, draft_bytes, envelope_of, rows

PRODUCT = {
    "kind": "product.register",
    "gtin": "09521568452106",
    "name": "Respira",
    "pack_size": "200 doses",
}


def test_every_enrolled_key_that_spoke_is_returned(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    keys = [stage.keyring.key_of(NOVAMED), stage.keyring.key_of(STELLA)]

    spoken = operations.authenticate(submission=_submission(stage, payload, keys))

    assert [each.key.keyid for each in spoken] == sorted(
        public_key_of(key).keyid for key in keys
    )


def test_a_statement_that_nobody_of_its_party_signed_is_refused(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    submission = _submission(stage, payload, [stage.keyring.key_of(STELLA)])

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=submission)

    assert refused.value.code == "not_of_party"


def test_one_bad_signature_spoils_a_good_one(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    good = parse_envelope(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))
    stella = stage.keyring.key_of(STELLA)
    bad = Signature(public_key_of(stella).keyid, sign(stella, b"something else"))
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(_with(good, bad))

    assert refused.value.code == "bad_signature"
    assert rows() == before


def test_a_key_that_nobody_enrolled_is_refused(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    keys = [stage.keyring.key_of(NOVAMED), Ed25519PrivateKey.generate()]
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, keys))

    assert refused.value.code == "unknown_key"
    assert rows() == before


def test_a_revoked_key_signs_nothing_more(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    keyid = public_key_of(stage.keyring.key_of(NOVAMED)).keyid
    stage.act(NOVAMED, {"kind": "key.revoke", "keyid": keyid, "reason": "tablet lost"})
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))

    assert refused.value.code == "revoked_key"
    assert rows() == before


def test_a_flipped_bit_in_the_payload_breaks_the_signature(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    envelope = parse_envelope(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))
    other = payload.replace(b"Respira", b"Resqira")
    forged = Envelope(envelope.payload_type, other, envelope.signatures)
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_bytes(forged))

    assert refused.value.code == "bad_signature"
    assert rows() == before


def test_a_statement_is_refused_after_its_expiry(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    stage.tick(timedelta(hours=25))
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))

    assert refused.value.code == "statement_expired"
    assert rows() == before


@pytest.mark.parametrize(("seconds", "is_accepted"), [(299, True), (301, False)])
def test_a_fast_clock_is_forgiven_for_five_minutes(
    stage: Stage, seconds: int, is_accepted: bool
) -> None:
    early = stage.at
    stage.tick(timedelta(seconds=seconds))
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    stage.at = early
    envelope = envelope_of(payload, [stage.keyring.key_of(NOVAMED)])

    if is_accepted:
        assert stage.send(envelope).is_new
    else:
        with pytest.raises(UntrustedSignature) as refused:
            stage.send(envelope)
        assert refused.value.code == "from_the_future"


def test_the_signer_must_be_whose_key_signed(stage: Stage) -> None:
    payload = altered(draft_bytes(stage, NOVAMED, PRODUCT), signer="somebody-else-1")
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))

    assert refused.value.code == "not_the_signer"
    assert rows() == before


def test_another_ledgers_statement_is_refused(stage: Stage) -> None:
    payload = altered(draft_bytes(stage, NOVAMED, PRODUCT), ledger="elsewhere/log")
    submission = _submission(stage, payload, [stage.keyring.key_of(NOVAMED)])

    with pytest.raises(UntrustedSignature) as refused:
        operations.authenticate(submission=submission)

    assert refused.value.code == "other_ledger"


def test_member_keys_do_not_sign(stage: Stage) -> None:
    SigningKey.objects.filter(partner__gln=NOVAMED.gln).update(role="member")
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))

    assert refused.value.code == "key_may_not_sign"
    assert rows() == before


def test_an_envelope_of_another_type_is_malformed(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, PRODUCT)
    envelope = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=payload,
        private_keys=[stage.keyring.key_of(NOVAMED)],
    )

    with pytest.raises(MalformedInput) as refused:
        stage.send(envelope_bytes(envelope))

    assert refused.value.code == "wrong_payload_type"


def _submission(stage: Stage, payload: bytes, keys: list) -> Submission:
    return Submission(
        envelope=parse_envelope(envelope_of(payload, keys)),
        statement=parse_statement(payload),
        lines=None,
        at_ms=as_ms(stage.tick()),
    )


def _with(envelope: Envelope, signature: Signature) -> bytes:
    return envelope_bytes(
        build_envelope(
            payload_type=STATEMENT_TYPE,
            payload=envelope.payload,
            signatures=[*envelope.signatures, signature],
        )
    )
