"""Signatures: made by whoever holds a key, verified under keys that are enrolled.

`verify_signature` returns nothing or raises; the algorithm is the enrolled key's
and never a word in the envelope.
"""

from __future__ import annotations

from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

from .envelope import Envelope, Signature, build_envelope, pae
from .errors import UntrustedSignature
from .keys import (
    ECDSA_P256,
    ED25519,
    WEBAUTHN_ES256,
    PrivateKey,
    PublicKey,
    keyid_of,
    load_public_key,
    public_key_of,
)
from .webauthn import WebauthnScope, verify_assertion

__all__ = [
    "ECDSA_P256",
    "ED25519",
    "WEBAUTHN_ES256",
    "PrivateKey",
    "PublicKey",
    "Verify",
    "WebauthnScope",
    "keyid_of",
    "load_public_key",
    "public_key_of",
    "sign",
    "sign_envelope",
    "verify_signature",
]

_SIGNATURE_BYTES: Final = 64
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Verify(Protocol):
    """What `verify_signature` does: it returns nothing or raises."""

    def __call__(
        self,
        *,
        key: PublicKey,
        pae: bytes,
        signature: Signature,
        webauthn: WebauthnScope | None = None,
    ) -> None:
        """Check one signature over `pae` under `key`."""
        ...


def verify_signature(
    *,
    key: PublicKey,
    pae: bytes,
    signature: Signature,
    webauthn: WebauthnScope | None = None,
) -> None:
    """Check one signature over `pae` under `key`, which the caller trusts.

    Args:
        key: the enrolled key.
        pae: the bytes that the envelope's signatures cover.
        signature: one of them.
        webauthn: relying party of genesis; without it no authenticator is believed.

    Raises:
        UntrustedSignature: another key's id, a form that is not the algorithm's,
            or a signature that does not verify.
    Source: DESIGN section 3; RFC 8032, FIPS 186-5, WebAuthn Level 3 section 7.2.
    """
    if signature.keyid != key.keyid:
        raise UntrustedSignature("wrong_key", got=signature.keyid, wanted=key.keyid)
    if key.alg == WEBAUTHN_ES256:
        if signature.webauthn is None or webauthn is None:
            raise _bad(key, "an authenticator's assertion for this ledger")
        covered = verify_assertion(evidence=signature.webauthn, pae=pae, scope=webauthn)
        _verify_der(key, signature.sig, covered)
        return
    if signature.webauthn is not None:
        raise _bad(key, "no authenticator data under this key")
    if len(signature.sig) != _SIGNATURE_BYTES:
        raise _bad(key, f"{_SIGNATURE_BYTES} bytes")
    if key.alg == ED25519:
        _verify_raw(key, signature.sig, pae)
    else:
        # IEEE P1363: r and s, 32 bytes each.
        r = int.from_bytes(signature.sig[:32], "big")
        s = int.from_bytes(signature.sig[32:], "big")
        _verify_raw(key, encode_dss_signature(r, s), pae)


def sign(private_key: PrivateKey, pae: bytes) -> bytes:
    """64 bytes over `pae`: Ed25519, or ECDSA P-256 as r and s."""
    if isinstance(private_key, ed25519.Ed25519PrivateKey):
        return private_key.sign(pae)
    r, s = decode_dss_signature(private_key.sign(pae, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign_envelope(
    *, payload_type: str, payload: bytes, private_keys: list[PrivateKey]
) -> Envelope:
    """An envelope signed by each of `private_keys`."""
    covered = pae(payload_type, payload)
    return build_envelope(
        payload_type=payload_type,
        payload=payload,
        signatures=[
            Signature(public_key_of(each).keyid, sign(each, covered))
            for each in private_keys
        ],
    )


def _verify_der(key: PublicKey, sig: bytes, covered: bytes) -> None:
    """Strict DER: an authenticator's signature has one spelling."""
    try:
        r, s = decode_dss_signature(sig)
    except ValueError as error:
        raise _bad(key, "a DER signature") from error
    in_range = 0 < r < _P256_ORDER and 0 < s < _P256_ORDER
    if not in_range or encode_dss_signature(r, s) != sig:
        raise _bad(key, "a strict DER signature")
    _verify_raw(key, sig, covered)


def _verify_raw(key: PublicKey, sig: bytes, covered: bytes) -> None:
    try:
        if isinstance(key.loaded, ed25519.Ed25519PublicKey):
            key.loaded.verify(sig, covered)
        else:
            key.loaded.verify(sig, covered, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise _bad(key, "a signature over these bytes") from error


def _bad(key: PublicKey, wanted: str) -> UntrustedSignature:
    return UntrustedSignature(
        "bad_signature", field=key.keyid, got="one that does not verify", wanted=wanted
    )
