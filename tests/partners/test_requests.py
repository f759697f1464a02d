import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.envelope import parse_envelope
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import PrivateKey, public_key_of
from apps.core.strict import format_base64
from apps.exchange import queries as drafts
from apps.partners import operations, queries
from apps.partners.models import KeyRequest, Proposal, SigningKey
from pharmatrace.demo.cast import Person, Player
from pharmatrace.demo.signing import sign_statement
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
from tests.partners.helpers import altered, envelope_of

NILS = NOVAMED.people[1]
SIMON = STELLA.people[1]


def _ask(
    stage: Stage, key: PrivateKey, player: Player = NOVAMED, person: Person = NILS
) -> bytes:
    public = public_key_of(key)
    wish = {
        "kind": "key.enrol",
        "spki_b64": format_base64(public.spki),
        "alg": public.alg,
        "label": "Dock 4",
    }
    actor = stage.actor(player, person)
    return drafts.draft(wish=wish, actor=actor, at=stage.tick()).payload


def _request(stage: Stage, envelope: bytes, person: Person = NILS) -> KeyRequest:
    return operations.request_key(
        actor=stage.actor(NOVAMED, person),
        envelope=envelope,
        label="Dock 4",
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


def _proposal(stage: Stage) -> Proposal:
    wish = {"kind": "party.licence", "gln": STELLA.gln, "role": "hospital"}
    wish["from"] = "2027-01-01"
    actor = stage.actor(REGULATOR)
    payload = drafts.draft(wish=wish, actor=actor, at=stage.tick()).payload
    return operations.propose(
        actor=actor,
        envelope=sign_statement(payload, stage.keyring.key_of(REGULATOR)),
        at=stage.tick(),
    )


def test_a_proposal_closes_when_the_operator_signs_too(stage: Stage) -> None:
    proposal = _proposal(stage)
    row = queries.list_proposals(actor=stage.actor(OPERATOR))[0]
    assert (row.signed_by, row.may_sign) == (["Medicines Authority"], True)
    assert (
        row.words
        == "Medicines Authority licenses Stella Pharmacy as hospital, sites: 1."
    )

    payload = parse_envelope(row.envelope.encode()).payload
    keys = [stage.keyring.key_of(player) for player in (REGULATOR, OPERATOR)]
    stage.send(envelope_of(payload, keys))

    proposal.refresh_from_db()
    assert proposal.closed_at == stage.at
    assert queries.list_proposals(actor=stage.actor(OPERATOR)) == []


def test_traders_see_no_proposals(stage: Stage) -> None:
    _proposal(stage)

    assert queries.list_proposals(actor=stage.actor(STELLA)) == []


def test_only_party_statements_are_proposed(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()

    with pytest.raises(MalformedInput) as refused:
        operations.propose(
            actor=stage.actor(REGULATOR),
            envelope=sign_statement(_ask(stage, key), key),
            at=stage.tick(),
        )

    assert refused.value.code == "wrong_kind"


def test_an_office_proposes_only_what_it_signed(stage: Stage) -> None:
    envelope = bytes(_proposal(stage).envelope)
    Proposal.objects.all().delete()

    with pytest.raises(UntrustedSignature) as refused:
        operations.propose(
            actor=stage.actor(OPERATOR), envelope=envelope, at=stage.tick()
        )

    assert refused.value.code == "not_of_party"


def test_a_new_partners_key_joins_a_proposal(ledger: Stage) -> None:
    public = public_key_of(ledger.keyring.key_of(STELLA))
    wish = {
        "kind": "party.admit",
        "gln": STELLA.gln,
        "name": STELLA.name,
        "country": "DE",
        "spki_b64": format_base64(public.spki),
        "alg": public.alg,
    }
    actor = ledger.actor(REGULATOR)
    payload = drafts.draft(wish=wish, actor=actor, at=ledger.tick()).payload
    proposal = operations.propose(
        actor=actor,
        envelope=sign_statement(payload, ledger.keyring.key_of(REGULATOR)),
        at=ledger.tick(),
    )
    assert queries.wants_new_key(proposal)

    operations.add_signature(
        proposal_id=proposal.pk,
        envelope=sign_statement(payload, ledger.keyring.key_of(STELLA)),
        at=ledger.tick(),
    )

    proposal.refresh_from_db()
    assert not queries.wants_new_key(proposal)
    assert len(parse_envelope(bytes(proposal.envelope)).signatures) == 2


def test_a_signature_over_other_bytes_joins_nothing(stage: Stage) -> None:
    proposal = _proposal(stage)
    other = _ask(stage, Ed25519PrivateKey.generate())

    with pytest.raises(MalformedInput) as refused:
        operations.add_signature(
            proposal_id=proposal.pk,
            envelope=sign_statement(other, stage.keyring.key_of(OPERATOR)),
            at=stage.tick(),
        )

    assert refused.value.code == "wrong_payload"


def test_what_can_be_signed_no_more_is_closed(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    _request(stage, sign_statement(_ask(stage, key), key))
    _proposal(stage)
    late = stage.at + timedelta(hours=25)

    assert operations.close_expired(at=stage.at + timedelta(hours=23)) == 0
    assert operations.close_expired(at=late) == 2
    assert operations.close_expired(at=late) == 0
    assert Proposal.objects.get().closed_at == late
    assert KeyRequest.objects.get().closed_at == late
