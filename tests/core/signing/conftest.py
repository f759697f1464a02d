"""Keys of fixed seeds, so that failures repeat."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519


@pytest.fixture(scope="session")
def novamed_key():
    return ed25519.Ed25519PrivateKey.from_private_bytes(b"novamed".ljust(32, b"\x01"))


@pytest.fixture(scope="session")
def mallory_key():
    return ed25519.Ed25519PrivateKey.from_private_bytes(b"mallory".ljust(32, b"\x02"))


@pytest.fixture(scope="session")
def stella_key():
    return ec.derive_private_key(0x57E11A, ec.SECP256R1())
