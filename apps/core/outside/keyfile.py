"""Private keys in files: PKCS#8 PEM under a passphrase, readable by the owner only."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ..errors import MalformedInput
from ..keys import ECDSA_P256, ED25519, PrivateKey, public_key_of

MAX_PEM_BYTES: Final = 16_384


def make_key(alg: str) -> PrivateKey:
    """A fresh private key for `alg`: ed25519 or ecdsa-p256-sha256.

    Raises:
        MalformedInput: `unknown_algorithm`.
    """
    if alg == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if alg == ECDSA_P256:
        return ec.generate_private_key(ec.SECP256R1())
    raise MalformedInput(
        "unknown_algorithm", got=alg, wanted=f"{ED25519}, {ECDSA_P256}"
    )


def write_key(path: str, key: PrivateKey, *, passphrase: bytes) -> None:
    """Write a new file; an existing one is never overwritten.

    Raises:
        FileExistsError: there is a file.
    """
    pem = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def parse_key(pem: bytes, *, passphrase: bytes) -> PrivateKey:
    """The private key in `pem`.

    Raises:
        MalformedInput: `bad_key`: no PKCS#8 under this passphrase, or another kind
            of key than Ed25519 and P-256.
    """
    try:
        key = load_pem_private_key(pem, password=passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MalformedInput(
            "bad_key", wanted="PKCS#8 PEM under this passphrase"
        ) from error
    if isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        public_key_of(key)
        return key
    raise MalformedInput("bad_key", wanted="an Ed25519 or P-256 key")
