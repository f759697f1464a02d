"""Signatures: what verifies, and everything that must not."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from apps.core.envelope import Signature, pae
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.signing import (
    ECDSA_P256,
    ED25519,
    WEBAUTHN_ES256,
    WebauthnScope,
    _verify_der,
    load_public_key,
    public_key_of,
    sign,
    sign_envelope,
    verify_signature,
)
from tests.vectors import load_json

MESSAGE = pae("text/plain", b"ten packs")
SCOPE = WebauthnScope("trace.example", frozenset({"https://trace.example"}))


def verifies(key, message, sig) -> bool:
    try:
        verify_signature(key=key, pae=message, signature=Signature(key.keyid, sig))
    except UntrustedSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("vectors", "alg"),
    [
        ("ed25519_test.json", ED25519),
        ("ecdsa_secp256r1_sha256_p1363_test.json", ECDSA_P256),
    ],
)
def test_every_published_signature_is_judged_as_published(vectors, alg):
    judged = 0
    for group in load_json(f"crypto/wycheproof/{vectors}")["testGroups"]:
        key = load_public_key(spki=bytes.fromhex(group["publicKeyDer"]), alg=alg)
        for case in group["tests"]:
            message, sig = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            wanted = case["result"] == "valid"
            assert verifies(key, message, sig) == wanted, case
            judged += 1
    assert judged > 100


def test_every_published_der_signature_is_judged_as_published():
    name = "crypto/wycheproof/ecdsa_secp256r1_sha256_test.json"
    accepted = refused = 0
    for group in load_json(name)["testGroups"]:
        key = load_public_key(
            spki=bytes.fromhex(group["publicKeyDer"]), alg=WEBAUTHN_ES256
        )
        for case in group["tests"]:
            sig, message = bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
            if case["result"] == "valid":
                _verify_der(key, sig, message)
                accepted += 1
            else:
                with pytest.raises(UntrustedSignature):
                    _verify_der(key, sig, message)
                refused += 1
    assert accepted > 50
    assert refused > 200


def test_the_published_dsse_example_verifies():
    x = 46950820868899156662930047687818585632848591499744589407958293238635476079160
    y = 5640078356564379163099075877009565129882514886557779369047442380624545832820
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key = load_public_key(
        spki=public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        alg=ECDSA_P256,
    )
    sig = base64.b64decode(
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVe"
        "CUjW2JIZA=="
    )
    covered = pae("http://example.com/HelloWorld", b"hello world")

    assert covered == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert verifies(key, covered, sig)
    assert not verifies(key, covered + b" ", sig)


@pytest.mark.parametrize("name", ["novamed_key", "stella_key"])
def test_what_was_signed_verifies_and_nothing_else_does(name, request, mallory_key):
    private = request.getfixturevalue(name)
    key = public_key_of(private)
    sig = sign(private, MESSAGE)

    assert len(sig) == 64
    assert verifies(key, MESSAGE, sig)
    assert not verifies(key, MESSAGE + b"\n", sig)
    assert not verifies(key, MESSAGE, sig + b"\x00")
    assert not verifies(key, MESSAGE, sig[:-1])
    assert not verifies(key, MESSAGE, b"\x00" * 64)
    assert not verifies(key, MESSAGE, b"\xff" * 64)
    assert not verifies(key, MESSAGE, sign(mallory_key, MESSAGE))


@given(bit=st.integers(0, 511))
@pytest.mark.parametrize("name", ["novamed_key", "stella_key"])
def test_a_flipped_bit_never_verifies(name, request, bit):
    private = request.getfixturevalue(name)
    sig = bytearray(sign(private, MESSAGE))
    sig[bit // 8] ^= 1 << bit % 8

    assert not verifies(public_key_of(private), MESSAGE, bytes(sig))


def test_a_der_signature_is_not_a_p1363_signature(stella_key):
    der = stella_key.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))

    assert not verifies(public_key_of(stella_key), MESSAGE, der)


def test_a_signature_under_another_keyid_is_refused(novamed_key, mallory_key):
    signature = Signature(public_key_of(mallory_key).keyid, sign(novamed_key, MESSAGE))

    with pytest.raises(UntrustedSignature, match="wrong key"):
        verify_signature(
            key=public_key_of(novamed_key), pae=MESSAGE, signature=signature
        )


def test_an_envelope_is_signed_by_all_its_keys(novamed_key, stella_key):
    envelope = sign_envelope(
        payload_type="text/plain", payload=b"x", private_keys=[stella_key, novamed_key]
    )

    keys = {key.keyid: key for key in map(public_key_of, (novamed_key, stella_key))}
    assert [each.keyid for each in envelope.signatures] == sorted(keys)
    for each in envelope.signatures:
        verify_signature(key=keys[each.keyid], pae=envelope.pae, signature=each)
    with pytest.raises(MalformedInput, match="not sorted"):
        sign_envelope(
            payload_type="text/plain",
            payload=b"x",
            private_keys=[novamed_key, novamed_key],
        )
