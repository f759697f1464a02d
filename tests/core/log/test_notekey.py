"""Keys of notes as text, and ML-DSA-44 judged by published cases."""

import json

import pytest
from cryptography.exceptions import InvalidSignature
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.notekey import (
    SignatureType,
    SignerKey,
    VerifierKey,
    cosignature_time,
    signed_message,
)
from tests.core.log.log_cast import (
    CHEMISTS,
    LOG,
    LOG_PQ,
    NOW,
    REGULATOR,
    flip,
    head,
)
from tests.vectors import vectors_path

VKEY = LOG.verifier.format()


def test_the_ml_dsa_message_has_the_bytes_of_the_structure():
    checkpoint = head(7)
    text = checkpoint.format() + "an extension line that is not covered\n"

    message = signed_message(
        SignatureType.COSIGNATURE_MLDSA44, name="w.example", text=text, time_seconds=3
    )

    assert message == (
        b"subtree/v1\n\0\x09w.example"
        + bytes([0, 0, 0, 0, 0, 0, 0, 3])
        + b"\x12ledger.example/log"
        + bytes(8)
        + bytes([0, 0, 0, 0, 0, 0, 0, 7])
        + checkpoint.root_hash
    )


@pytest.mark.parametrize("signer", [LOG, LOG_PQ, REGULATOR, CHEMISTS])
def test_every_kind_signs_and_verifies_and_comes_back_as_text(signer):
    text = head().format()
    line = signer.sign(text, time_seconds=NOW)

    again = SignerKey.parse(signer.format())
    key = VerifierKey.parse(signer.verifier.format())

    assert again == signer
    assert key == signer.verifier
    key.verify(text, line.signature)
    if signer.kind.is_timestamped:
        assert cosignature_time(line.signature) == NOW
    if signer.kind is not SignatureType.COSIGNATURE_MLDSA44:
        assert again.sign(text, time_seconds=NOW) == line


@pytest.mark.parametrize("signer", [LOG, LOG_PQ, REGULATOR])
@given(data=st.data())
def test_a_flipped_bit_in_a_signature_never_verifies(signer, data):
    text = head().format()
    line = signer.sign(text, time_seconds=NOW)
    bit = data.draw(st.integers(0, 8 * len(line.signature) - 1))

    with pytest.raises(UntrustedSignature):
        signer.verifier.verify(text, flip(line.signature, bit))
    with pytest.raises(UntrustedSignature):
        signer.verifier.verify(text, line.signature[:-1])
    with pytest.raises(UntrustedSignature):
        signer.verifier.verify(text, line.signature[: bit % 8])


def test_an_ml_dsa_line_commits_to_the_name_of_its_cosigner():
    text = head().format()
    line = CHEMISTS.sign(text, time_seconds=NOW)
    renamed = VerifierKey("other", CHEMISTS.kind, CHEMISTS.verifier.public_key)

    with pytest.raises(UntrustedSignature):
        renamed.verify(text, line.signature)


def test_ml_dsa_signs_checkpoints_only():
    with pytest.raises(MalformedInput):
        LOG_PQ.sign("anything\n", time_seconds=NOW)
    with pytest.raises(UntrustedSignature):
        LOG_PQ.verifier.verify("anything\n", bytes(8 + 2420))


def test_a_key_name_too_long_for_ml_dsa_is_refused():
    signer = SignerKey("n" * 256, SignatureType.COSIGNATURE_MLDSA44, bytes(32))

    with pytest.raises(MalformedInput):
        signer.sign(head().format(), time_seconds=NOW)


@pytest.mark.parametrize("time_seconds", [-1, 2**63])
def test_a_time_that_no_verifier_would_read_is_not_signed(time_seconds):
    with pytest.raises(MalformedInput):
        REGULATOR.sign(head().format(), time_seconds=time_seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "+" + VKEY.split("+", 1)[1],
        "other+" + VKEY.split("+", 1)[1],
        VKEY.replace(LOG.verifier.key_id.hex(), "00000000"),
        VKEY + "=",
        VKEY[:-4],
        VKEY + "AAAA",
        "n+zzzzzzzz+AQ==",
        "n+00000000+",
        "n+00000000+Ag==",
        "n+00000000+AQ==",
        "n m+00000000+AQ==",
        "n+0000000é+AQ==",
    ],
)
def test_what_is_not_a_vkey_is_refused(text):
    with pytest.raises(MalformedInput):
        VerifierKey.parse(text)


def test_a_key_id_in_capitals_is_refused():
    key = SignerKey("n", SignatureType.ED25519, b"\1" * 32).verifier
    shouted = key.format().replace(key.key_id.hex(), key.key_id.hex().upper())

    assert shouted != key.format()
    with pytest.raises(MalformedInput):
        VerifierKey.parse(shouted)


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOG.format().removeprefix("PRIVATE+"),
        LOG.format()[:-8],
        LOG.format() + "AAAA",
        LOG.format().replace("ledger.example", "other.example"),
    ],
)
def test_a_bad_skey_is_refused_and_not_repeated(text):
    with pytest.raises(MalformedInput) as refusal:
        SignerKey.parse(text)
    assert LOG.format()[-20:-8] not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_private_key_does_not_show():
    assert repr(LOG.seed) not in repr(LOG)


def test_a_seed_of_another_length_is_refused():
    with pytest.raises(MalformedInput):
        SignerKey("n", SignatureType.ED25519, b"short")


@given(st.text(max_size=60))
def test_any_text_is_a_key_or_malformed(text):
    for parse in (VerifierKey.parse, SignerKey.parse):
        for candidate in (text, f"PRIVATE+KEY+{text}", f"n+00000000+{text}"):
            with pytest.raises(MalformedInput):
                parse(candidate)


def mldsa_cases():
    path = "crypto/wycheproof/mldsa_44_verify_test.json"
    for group in json.loads(vectors_path(path).read_text())["testGroups"]:
        public_key = bytes.fromhex(group["publicKey"])
        for test in group["tests"]:
            # Notes use the empty context; the others test what we do not call.
            if not test.get("ctx"):
                yield public_key, test


def test_ml_dsa_44_agrees_with_wycheproof():
    judged = {"valid": 0, "invalid": 0}
    for public_key, test in mldsa_cases():
        judged[test["result"]] += 1
        message, signature = (bytes.fromhex(test[part]) for part in ("msg", "sig"))
        if test["result"] == "valid":
            key = VerifierKey("w", SignatureType.COSIGNATURE_MLDSA44, public_key)
            key.verify_message(signature, message)
            continue
        with pytest.raises((InvalidSignature, MalformedInput, ValueError)):
            VerifierKey(
                "w", SignatureType.COSIGNATURE_MLDSA44, public_key
            ).verify_message(signature, message)
    assert judged["valid"] > 10
    assert judged["invalid"] > 30
