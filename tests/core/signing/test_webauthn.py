"""Passkeys: assertions for this ledger, and everything else refused."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from apps.core.envelope import Signature, WebauthnEvidence, pae
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.signing import (
    WEBAUTHN_ES256,
    WebauthnScope,
    load_public_key,
    public_key_of,
    sign,
    verify_signature,
)
from apps.core.webauthn import authenticator_flags

MESSAGE = pae("text/plain", b"ten packs")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SCOPE = WebauthnScope("trace.example", frozenset({"https://trace.example"}))


def client_data(message, **changes) -> bytes:
    digest = hashlib.sha256(message).digest()
    data = {
        "type": "webauthn.get",
        "challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "origin": "https://trace.example",
        "crossOrigin": False,
    }
    data |= changes
    return json.dumps({k: v for k, v in data.items() if v is not ...}).encode()


def authenticator_data(flags=0x05, rp_id="trace.example", more=b"") -> bytes:
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags, 0, 0, 0, 7]) + more


def evidence(message, *, auth=None, client=None) -> WebauthnEvidence:
    return WebauthnEvidence(
        authenticator_data() if auth is None else auth,
        client_data(message) if client is None else client,
    )


def assertion(private, proof) -> Signature:
    covered = proof.authenticator_data + hashlib.sha256(proof.client_data_json).digest()
    sig = private.sign(covered, ec.ECDSA(hashes.SHA256()))
    return Signature(passkey_of(private).keyid, sig, proof)


def passkey_of(private):
    return load_public_key(spki=public_key_of(private).spki, alg=WEBAUTHN_ES256)


def check_assertion(private, signature, scope=SCOPE):
    verify_signature(
        key=passkey_of(private), pae=MESSAGE, signature=signature, webauthn=scope
    )


@pytest.mark.parametrize(
    "proof",
    [
        evidence(MESSAGE),
        evidence(MESSAGE, client=client_data(MESSAGE, crossOrigin=...)),
        evidence(MESSAGE, client=client_data(MESSAGE, other_keys="may be added")),
        evidence(MESSAGE, auth=authenticator_data(0x1D)),
        evidence(MESSAGE, auth=authenticator_data(0x85, more=b"\xa0")),
    ],
)
def test_a_passkey_signs_a_statement(stella_key, proof):
    check_assertion(stella_key, assertion(stella_key, proof))


@pytest.mark.parametrize(
    ("proof", "field"),
    [
        (evidence(MESSAGE + b"x"), "challenge"),
        (evidence(MESSAGE, client=client_data(MESSAGE, challenge="")), "challenge"),
        (
            evidence(
                MESSAGE,
                client=client_data(MESSAGE).replace(b'", "origin', b'=","origin'),
            ),
            "challenge",
        ),
        (
            evidence(MESSAGE, client=client_data(MESSAGE, type="webauthn.create")),
            "type",
        ),
        (
            evidence(
                MESSAGE, client=client_data(MESSAGE, origin="https://evil.example")
            ),
            "origin",
        ),
        (
            evidence(
                MESSAGE, client=client_data(MESSAGE, origin="http://trace.example")
            ),
            "origin",
        ),
        (evidence(MESSAGE, client=client_data(MESSAGE, origin=["x"])), "origin"),
        (evidence(MESSAGE, client=client_data(MESSAGE, origin=...)), "origin"),
        (
            evidence(MESSAGE, client=client_data(MESSAGE, crossOrigin=True)),
            "crossOrigin",
        ),
        (evidence(MESSAGE, client=client_data(MESSAGE, crossOrigin=0)), "crossOrigin"),
        (evidence(MESSAGE, client=client_data(MESSAGE, topOrigin="x")), "crossOrigin"),
        (evidence(MESSAGE, client=b"[]"), "clientDataJSON"),
        (evidence(MESSAGE, client=b"\xff"), "clientDataJSON"),
        (
            evidence(
                MESSAGE,
                client=client_data(MESSAGE)[:-1] + b',"type":"webauthn.get"}',
            ),
            "clientDataJSON",
        ),
        (evidence(MESSAGE, auth=authenticator_data(0x04)), "flags"),
        (evidence(MESSAGE, auth=authenticator_data(0x01)), "flags"),
        (evidence(MESSAGE, auth=authenticator_data(0x15)), "flags"),
        (evidence(MESSAGE, auth=authenticator_data(0x45)), "flags"),
        (evidence(MESSAGE, auth=authenticator_data(0x85)), "flags"),
        (evidence(MESSAGE, auth=authenticator_data(more=b"\xa0")), "flags"),
        (evidence(MESSAGE, auth=authenticator_data(rp_id="evil.example")), "rpIdHash"),
        (evidence(MESSAGE, auth=authenticator_data()[:36]), "authenticatorData"),
    ],
)
def test_an_assertion_for_something_else_is_refused(stella_key, proof, field):
    with pytest.raises(UntrustedSignature) as caught:
        check_assertion(stella_key, assertion(stella_key, proof))

    assert caught.value.field == f"webauthn.{field}"


def test_an_assertion_has_one_spelling_of_its_signature(stella_key):
    good = assertion(stella_key, evidence(MESSAGE))
    r, s = decode_dss_signature(good.sig)
    long_form = b"\x30\x81" + good.sig[1:]
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")

    bad_forms = (long_form, good.sig + b"\x00", good.sig[:-1], raw, b"\x30\x00")
    for sig in (*bad_forms, encode_dss_signature(0, 0)):
        with pytest.raises(UntrustedSignature):
            check_assertion(stella_key, Signature(good.keyid, sig, good.webauthn))


def test_either_half_of_the_order_is_a_signature(stella_key):
    """Authenticators do not choose the low s, and ids do not depend on signatures."""
    good = assertion(stella_key, evidence(MESSAGE))
    r, s = decode_dss_signature(good.sig)

    other = encode_dss_signature(r, P256_ORDER - s)

    check_assertion(stella_key, Signature(good.keyid, other, good.webauthn))


@pytest.mark.parametrize("counter", [0, 1, 0xFFFFFFFF])
def test_the_counter_decides_nothing(stella_key, counter):
    data = authenticator_data()[:33] + counter.to_bytes(4, "big")

    check_assertion(stella_key, assertion(stella_key, evidence(MESSAGE, auth=data)))


def test_a_passkey_needs_its_evidence_and_other_keys_must_not_bring_any(
    stella_key, novamed_key
):
    good = assertion(stella_key, evidence(MESSAGE))

    with pytest.raises(UntrustedSignature):
        check_assertion(stella_key, Signature(good.keyid, good.sig))
    with pytest.raises(UntrustedSignature):
        check_assertion(stella_key, good, scope=None)
    plain = public_key_of(novamed_key)
    dressed = Signature(plain.keyid, sign(novamed_key, MESSAGE), good.webauthn)
    with pytest.raises(UntrustedSignature):
        verify_signature(key=plain, pae=MESSAGE, signature=dressed, webauthn=SCOPE)


def test_the_backup_flags_are_kept():
    assert authenticator_flags(authenticator_data(0x1D)).is_backed_up
    assert not authenticator_flags(authenticator_data(0x05)).is_backup_eligible
    with pytest.raises(MalformedInput):
        authenticator_flags(b"short")
