"""Public keys that may be enrolled: a closed set of algorithms, one spelling each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from .edwards25519 import verify_point
from .errors import MalformedInput

ED25519: Final = "ed25519"
ECDSA_P256: Final = "ecdsa-p256-sha256"
WEBAUTHN_ES256: Final = "webauthn-es256"
ALGORITHMS: Final = frozenset({ED25519, ECDSA_P256, WEBAUTHN_ES256})

MAX_SPKI_BYTES: Final = 128

PrivateKey: TypeAlias = "ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey"
_Loaded: TypeAlias = "ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that was checked; make it with `load_public_key`.

    Args:
        alg: one of `ALGORITHMS`, named at enrolment and never in an envelope.
        spki: SubjectPublicKeyInfo DER, in the one spelling there is.
        keyid: its SHA-256, 64 hex digits.
    """

    alg: str
    spki: bytes
    loaded: _Loaded = field(compare=False, repr=False)
    keyid: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keyid", keyid_of(self.spki))


def keyid_of(spki: bytes) -> str:
    """SHA-256 of an SPKI DER, 64 hex digits."""
    return hashlib.sha256(spki).hexdigest()


@lru_cache(maxsize=4096)
def load_public_key(*, spki: bytes, alg: str) -> PublicKey:
    """Check and load a key, as at its enrolment.

    The SPKI must equal its own re-encoding (P-256 uncompressed); an Ed25519 key
    must be a point of prime order.

    Raises:
        MalformedInput: `unknown_algorithm` or `bad_key`.
    Source: DESIGN section 3; RFC 5480, RFC 8410.
    """
    if alg not in ALGORITHMS:
        raise MalformedInput(
            "unknown_algorithm",
            field="alg",
            got=alg,
            wanted=", ".join(sorted(ALGORITHMS)),
        )
    loaded = _load(spki, alg)
    if isinstance(loaded, ed25519.Ed25519PublicKey):
        verify_point(loaded.public_bytes_raw())
    if loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise MalformedInput(
            "bad_key", got="another spelling", wanted="its own DER re-encoding"
        )
    return PublicKey(alg, spki, loaded)


@lru_cache(maxsize=64)
def public_key_of(private_key: PrivateKey) -> PublicKey:
    """The public half of a private key, under the algorithm that it signs with.

    Raises:
        MalformedInput: a curve other than P-256.
    """
    spki = private_key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    is_edwards = isinstance(private_key, ed25519.Ed25519PrivateKey)
    return load_public_key(spki=spki, alg=ED25519 if is_edwards else ECDSA_P256)


def _load(spki: bytes, alg: str) -> _Loaded:
    if len(spki) > MAX_SPKI_BYTES:
        raise MalformedInput("bad_key", got=f"{len(spki)} bytes", wanted="an SPKI")
    try:
        loaded = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedInput(
            "bad_key", got=f"{len(spki)} bytes that are none", wanted="an SPKI in DER"
        ) from error
    if alg == ED25519 and isinstance(loaded, ed25519.Ed25519PublicKey):
        return loaded
    if (
        alg != ED25519
        and isinstance(loaded, ec.EllipticCurvePublicKey)
        and isinstance(loaded.curve, ec.SECP256R1)
    ):
        return loaded
    raise MalformedInput(
        "bad_key", got="a key of another algorithm", wanted=f"a key for {alg}"
    )
