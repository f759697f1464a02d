from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.envelope import STATEMENT_TYPE, envelope_bytes, parse_envelope
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import PrivateKey
from apps.core.strict import format_base64
from apps.exchange import queries as drafts
from apps.partners import operations, queries
from apps.partners.models import KeyRequest, Proposal, SigningKey
from apps.partners.operations import Asked
from pharmatrace.demo.cast import Person, Player
from pharmatrace.demo.signing import sign_statement
from tests.cast import NOVAMED, STELLA, Stage
from tests.partners.helpers import altered, envelope_of, named_key, propose_licence
from tests.partners.lending import enrol_passkey
from tests.partners.passkeys import Passkey

NILS = NOVAMED.people[1]
SIMON = STELLA.people[1]


def _ask(
    stage: Stage,
    key: PrivateKey | dict[str, str],
    player: Player = NOVAMED,
    person: Person = NILS,
) -> bytes:
    named = key if isinstance(key, dict) else named_key(key)
    wish = {"kind": "key.enrol", **named, "label": "Dock 4"}
    actor = stage.actor(player, person)
    return drafts.draft(wish=wish, actor=actor, at=stage.tick()).payload


def _request(
    stage: Stage, envelope: bytes, person: Person = NILS, **told: Any
) -> KeyRequest:
    return operations.request_key(
        actor=stage.actor(NOVAMED, person),
        envelope=envelope,
        asked=Asked(label="Dock 4", **told),
        at=stage.tick(),
    )


def test_a_request_waits_until_an_admin_signs_too(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    asked = _request(stage, sign_statement(_ask(stage, key), key))
    row = queries.list_requests(actor=stage.actor(NOVAMED))[0]
    assert (row.label, row.person) == ("Dock 4", "Nils Arndt")

    payload = parse_envelope(row.envelope.encode()).payload
    stage.send(envelope_of(payload, [key, stage.keyring.key_of(NOVAMED)]))

    asked.refresh_from_db()
    assert asked.closed_at == stage.at
    enrolled = SigningKey.objects.get(keyid=asked.keyid)
    assert (enrolled.signer, enrolled.role) == (NILS.signer, "signer")
    assert queries.list_own_keyids(actor=stage.actor(NOVAMED, NILS)) == [asked.keyid]


def test_colleagues_see_their_own_requests_and_strangers_none(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    _request(stage, sign_statement(_ask(stage, key), key))

    seen = [
        len(queries.list_requests(actor=stage.actor(player, person)))
        for player, person in ((NOVAMED, None), (NOVAMED, NILS), (STELLA, None))
    ]

    assert seen == [1, 1, 0]


def test_a_request_for_somebody_else_is_refused(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    envelope = sign_statement(_ask(stage, key), key)

    with pytest.raises(MalformedInput) as refused:
        _request(stage, envelope, NOVAMED.admin)

    assert refused.value.code == "not_yours"
    assert KeyRequest.objects.count() == 0


def test_a_request_that_another_key_signed_is_refused(stage: Stage) -> None:
    payload = _ask(stage, Ed25519PrivateKey.generate())

    with pytest.raises(UntrustedSignature) as refused:
        _request(stage, sign_statement(payload, Ed25519PrivateKey.generate()))

    assert refused.value.code == "possession_missing"
    assert KeyRequest.objects.count() == 0


def test_a_request_with_a_broken_signature_is_refused(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    envelope = json.loads(sign_statement(_ask(stage, key), key))
    envelope["signatures"][0]["sig"] = format_base64(bytes(64))

    with pytest.raises(UntrustedSignature) as refused:
        _request(stage, json.dumps(envelope).encode())

    assert refused.value.code == "bad_signature"


def test_a_signer_does_not_ask_for_an_admin_key(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    drafted = json.loads(_ask(stage, key))
    payload = altered(_ask(stage, key), body=drafted["body"] | {"role": "admin"})

    with pytest.raises(MalformedInput) as refused:
        _request(stage, sign_statement(payload, key))

    assert refused.value.code == "role_too_strong"


def test_who_only_reads_and_scans_gets_no_key(stage: Stage) -> None:
    with pytest.raises(MalformedInput) as refused:
        _ask(stage, Ed25519PrivateKey.generate(), STELLA, SIMON)

    assert refused.value.code == "role_too_strong"


def test_a_key_is_asked_for_once(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    _request(stage, sign_statement(_ask(stage, key), key))

    with pytest.raises(LedgerConflict) as refused:
        _request(stage, sign_statement(_ask(stage, key), key))

    assert refused.value.code == "key_requested"
    assert KeyRequest.objects.count() == 1


def test_a_request_may_bring_a_passkey_and_end_a_key(stage: Stage) -> None:
    stage.enrol(NOVAMED, NILS)
    old = SigningKey.objects.get(signer=NILS.signer)
    passkey = Passkey(queries.get_genesis().webauthn)
    payload = _ask(stage, passkey.wish)
    envelope = envelope_bytes(passkey.sign_envelope(STATEMENT_TYPE, payload))

    asked = _request(
        stage,
        envelope,
        credential_id="AQID-_4",
        replaces=old.keyid,
        lost_since=date(2027, 2, 26),
    )

    (row,) = queries.list_requests(actor=stage.actor(NOVAMED))
    assert (row.algorithm, row.replaces, row.lost_since, row.is_own) == (
        "webauthn-es256",
        old.keyid,
        date(2027, 2, 26),
        False,
    )
    admin = stage.keyring.key_of(NOVAMED)
    stage.send(
        envelope_of(payload, [admin], passkey.signature(STATEMENT_TYPE, payload))
    )
    actor = stage.actor(NOVAMED, NILS)
    (known,) = queries.list_own_passkeys(actor=actor)
    assert (known.keyid, known.credential_id, known.label) == (
        asked.keyid,
        "AQID-_4",
        "Dock 4",
    )


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"credential_id": "AQID"}, "credential_id"),  # of a key that is no passkey
        ({"replaces": "0a" * 32}, "replaces"),
        ({"replaces": "admin"}, "replaces"),
    ],
)
def test_what_is_told_beside_a_key_must_fit_it(
    stage: Stage, told: dict[str, str], field: str
) -> None:
    if told.get("replaces") == "admin":
        keys = SigningKey.objects.filter(partner__gln=NOVAMED.gln)
        told = {"replaces": keys.get().keyid}  # a colleague's
    key = Ed25519PrivateKey.generate()

    with pytest.raises(MalformedInput) as refused:
        _request(stage, sign_statement(_ask(stage, key), key), **told)

    assert refused.value.field == field
    assert KeyRequest.objects.count() == 0


def test_a_passkeys_credential_is_base64url(stage: Stage) -> None:
    passkey = Passkey(queries.get_genesis().webauthn)
    payload = _ask(stage, passkey.wish)
    envelope = envelope_bytes(passkey.sign_envelope(STATEMENT_TYPE, payload))

    for text in ("AQ==", "a/b", "a b", "A" * 1_365):
        with pytest.raises(MalformedInput) as refused:
            _request(stage, envelope, credential_id=text)
        assert refused.value.field == "credential_id"
    assert KeyRequest.objects.count() == 0


def test_a_key_that_ended_is_not_asked_of_any_authenticator(stage: Stage) -> None:
    passkey = enrol_passkey(stage, NOVAMED)
    KeyRequest.objects.create(
        partner=queries.get_partner(NOVAMED.gln),
        user=stage.actor(NOVAMED).user,
        keyid=passkey.public.keyid,
        credential_id="AQID",
        envelope=b"",
        created_at=stage.at,
    )
    actor = stage.actor(NOVAMED)
    assert [each.keyid for each in queries.list_own_passkeys(actor=actor)] == [
        passkey.public.keyid
    ]

    stage.act(
        NOVAMED,
        {"kind": "key.revoke", "keyid": passkey.public.keyid, "reason": "lost"},
    )

    assert queries.list_own_passkeys(actor=actor) == []


def test_what_can_be_signed_no_more_is_closed(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    _request(stage, sign_statement(_ask(stage, key), key))
    propose_licence(stage)
    late = stage.at + timedelta(hours=25)

    assert operations.close_expired(at=stage.at + timedelta(hours=23)) == 0
    assert operations.close_expired(at=late) == 2
    assert operations.close_expired(at=late) == 0
    closed = Proposal.objects.get()
    assert (closed.closed_at, closed.outcome) == (late, "expired")
    assert KeyRequest.objects.get().closed_at == late
