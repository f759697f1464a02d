"""Which public keys may be enrolled."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from apps.core.edwards25519 import verify_point
from apps.core.errors import MalformedInput
from apps.core.keys import (
    ECDSA_P256,
    ED25519,
    WEBAUTHN_ES256,
    keyid_of,
    load_public_key,
    public_key_of,
)
from tests.vectors import load_json

ED25519_SPKI_HEAD = bytes.fromhex("302a300506032b6570032100")
BAD_FLAGS = {"low_order_A", "non_canonical_A", "low_order_component_A"}


def spki(public):
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def cctv_keys():
    bad, good = set(), set()
    for case in load_json("crypto/C2SP-CCTV/ed25519/ed25519vectors.json"):
        is_bad = BAD_FLAGS & set(case["flags"] or ())
        (bad if is_bad else good).add(case["key"])
    return bad, good - bad


def test_every_bad_published_point_is_refused_at_enrolment():
    bad, _ = cctv_keys()

    for key in bad:
        with pytest.raises(MalformedInput, match="bad key"):
            load_public_key(spki=ED25519_SPKI_HEAD + bytes.fromhex(key), alg=ED25519)
    assert len(bad) >= 21


def test_every_good_published_point_is_enrolled():
    _, good = cctv_keys()

    for key in good:
        load_public_key(spki=ED25519_SPKI_HEAD + bytes.fromhex(key), alg=ED25519)
    for group in load_json("crypto/wycheproof/ed25519_test.json")["testGroups"]:
        verify_point(bytes.fromhex(group["publicKey"]["pk"]))


@pytest.mark.parametrize(
    "point",
    [
        "00" * 32,
        "01" + "00" * 31,
        "01" + "00" * 30 + "80",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
        "ff" * 32,
        "02" + "00" * 31,
        "00" * 31,
    ],
)
def test_a_point_of_the_wrong_form_or_order_is_refused(point):
    with pytest.raises(MalformedInput, match="bad key"):
        verify_point(bytes.fromhex(point))


@given(st.binary(min_size=32, max_size=32))
def test_fresh_keys_are_good_points_and_mixed_ones_are_not(seed):
    private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)

    verify_point(private.public_key().public_bytes_raw())


@given(st.binary(max_size=100), st.sampled_from([ED25519, ECDSA_P256, WEBAUTHN_ES256]))
def test_any_bytes_give_a_key_or_malformed_input(data, alg):
    with pytest.raises(MalformedInput):
        load_public_key(spki=data, alg=alg)


def test_a_keyid_is_the_hash_of_the_spki(novamed_key):
    key = public_key_of(novamed_key)

    assert key.keyid == keyid_of(key.spki)
    assert len(key.keyid) == 64
    assert key.alg == ED25519


def test_one_p256_key_may_be_enrolled_under_either_of_its_algorithms(stella_key):
    der = spki(stella_key.public_key())

    assert load_public_key(spki=der, alg=ECDSA_P256).alg == ECDSA_P256
    assert load_public_key(spki=der, alg=WEBAUTHN_ES256).alg == WEBAUTHN_ES256


def test_a_compressed_p256_key_is_refused(stella_key):
    point = stella_key.public_key().public_bytes(
        Encoding.X962, PublicFormat.CompressedPoint
    )
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")

    with pytest.raises(MalformedInput, match="re-encoding"):
        load_public_key(spki=head + point, alg=ECDSA_P256)


@pytest.mark.parametrize("change", ["trailing", "long_length", "truncated", "null"])
def test_another_spelling_of_an_spki_is_refused(novamed_key, change):
    der = public_key_of(novamed_key).spki
    spelled = {
        "trailing": der + b"\x00",
        "long_length": b"\x30\x81\x2a" + der[2:],
        "truncated": der[:-1],
        "null": bytes.fromhex("302c300706032b65700500032100") + der[12:],
    }[change]

    with pytest.raises(MalformedInput, match="bad key"):
        load_public_key(spki=spelled, alg=ED25519)


def test_keys_outside_the_closed_set_are_refused(novamed_key, stella_key):
    foreign = [
        (ec.derive_private_key(5, ec.SECP384R1()).public_key(), ECDSA_P256),
        (ec.derive_private_key(5, ec.SECP256K1()).public_key(), ECDSA_P256),
        (x25519.X25519PrivateKey.generate().public_key(), ED25519),
        (novamed_key.public_key(), ECDSA_P256),
        (novamed_key.public_key(), WEBAUTHN_ES256),
        (stella_key.public_key(), ED25519),
    ]
    for public, alg in foreign:
        with pytest.raises(MalformedInput, match="bad key"):
            load_public_key(spki=spki(public), alg=alg)
    huge = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    with pytest.raises(MalformedInput, match="bad key"):
        load_public_key(spki=spki(huge), alg=ECDSA_P256)
    with pytest.raises(MalformedInput, match="unknown algorithm"):
        load_public_key(spki=spki(novamed_key.public_key()), alg="none")
