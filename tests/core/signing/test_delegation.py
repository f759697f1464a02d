"""A voice lent for a shift: to one key, one place, at most twelve hours."""

from dataclasses import replace

import pytest

from apps.core.canonical import canonical_bytes, parse_json
from apps.core.delegation import (
    Delegation,
    build_delegation,
    parse_delegation,
    read_delegation,
    verify_delegation,
)
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_bytes,
    pae,
    parse_envelope,
)
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.keyring import KeyRing, Standing, verify_voices
from apps.core.signing import public_key_of, sign, sign_envelope

START = 1_772_442_000_000
HOUR = 3_600_000


@pytest.fixture
def delegation(stella_key):
    return Delegation(
        ledger="trace.example/log",
        by="9521568000017",
        signer="id-of-nora",
        role="signer",
        site="9521568000024",
        key=public_key_of(stella_key),
        from_ms=START,
        to_ms=START + 12 * HOUR,
    )


@pytest.fixture
def lent(delegation, novamed_key):
    return sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(delegation),
        private_keys=[novamed_key],
    )


def check(lent, delegation, key, accepted_ms=START):
    verify_delegation(
        envelope=lent,
        delegator=public_key_of(key),
        webauthn=None,
        delegation=delegation,
        accepted_ms=accepted_ms,
    )


def spoken(lent, device):
    payload = b'{"v":1}'
    signature = Signature(
        public_key_of(device).keyid,
        sign(device, pae(STATEMENT_TYPE, payload)),
        delegation=lent,
    )
    return build_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
    )


def ring_of(key, **changes):
    standing = Standing(
        public_key_of(key), "9521568000017", "id-of-nora", "admin", "x", True
    )
    return KeyRing({standing.key.keyid: replace(standing, **changes)})


def test_a_delegation_reads_back_and_holds_for_its_time(lent, delegation, novamed_key):
    assert parse_delegation(lent.payload) == delegation
    for accepted_ms in (START - 300_000, START, START + 12 * HOUR):
        check(lent, delegation, novamed_key, accepted_ms)


@pytest.mark.parametrize("accepted_ms", [START - 300_001, START + 12 * HOUR + 1])
def test_outside_its_time_it_says_nothing(lent, delegation, novamed_key, accepted_ms):
    with pytest.raises(UntrustedSignature, match="out of time"):
        check(lent, delegation, novamed_key, accepted_ms)


def test_only_the_delegator_lends_its_voice(lent, delegation, mallory_key):
    with pytest.raises(UntrustedSignature):
        check(lent, delegation, mallory_key)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("to", "2026-03-02T21:00:00.001Z"),
        ("to", "2026-03-02T09:00:00.000Z"),
        ("role", "admin"),
        ("site", "9521568000025"),
        ("signer", "Nora"),
        ("v", 2),
        ("note", ""),
        ("delegate", {"alg": "ed25519", "spki_b64": "AAAA"}),
    ],
)
def test_a_delegation_of_another_form_is_refused(lent, name, value):
    changed = parse_json(lent.payload, max_bytes=4_096) | {name: value}

    with pytest.raises(MalformedInput):
        parse_delegation(canonical_bytes(changed))


def test_a_device_key_speaks_for_its_delegator(lent, novamed_key, stella_key):
    envelope = parse_envelope(envelope_bytes(spoken(lent, stella_key)))

    (voice,) = verify_voices(
        envelope=envelope, ring=ring_of(novamed_key), accepted_ms=START
    )

    assert voice.standing.gln == "9521568000017"
    assert voice.keyid == public_key_of(novamed_key).keyid
    assert voice.lent_to == public_key_of(stella_key).keyid
    (voice,) = verify_voices(envelope=envelope, ring=KeyRing(), accepted_ms=START)
    assert voice.standing is None


def test_a_device_key_that_nobody_named_does_not(
    lent, novamed_key, mallory_key, stella_key
):
    stolen = spoken(lent, mallory_key)
    with pytest.raises(UntrustedSignature):
        verify_voices(envelope=stolen, ring=ring_of(novamed_key), accepted_ms=START)

    mine = spoken(lent, stella_key)
    for changes in ({"gln": "9529999000019"}, {"signer": "id-of-nils"}):
        ring = ring_of(novamed_key, **changes)
        with pytest.raises(UntrustedSignature, match="delegation mismatch"):
            verify_voices(envelope=mine, ring=ring, accepted_ms=START)


def test_a_signature_without_one_delegation_is_refused(
    delegation, novamed_key, mallory_key, stella_key
):
    with pytest.raises(MalformedInput):
        read_delegation(Signature("0a" * 32, b"x"))
    crowd = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(delegation),
        private_keys=[novamed_key, mallory_key],
    )
    with pytest.raises(MalformedInput):
        read_delegation(Signature("0a" * 32, b"x", delegation=crowd))
