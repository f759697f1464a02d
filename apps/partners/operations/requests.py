"""Statements on their way to further signatures: new keys, admissions, licences."""

from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.core.bodies import KeyEnrol, PartyAdmit, PartyLicence, read_body
from apps.core.envelope import (
    STATEMENT_TYPE,
    Envelope,
    envelope_bytes,
    parse_envelope,
    statement_id,
)
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import load_public_key, verify_signature
from apps.core.statement import Statement, parse_statement
from apps.ledger.formats import as_ms
from apps.partners import queries
from apps.partners.models import KeyRequest, Proposal
from apps.partners.operations.authenticate import verify_scope
from apps.partners.operations.keys import require_new_key
from apps.partners.queries import Actor

_LABEL_CHARACTERS = 80


def request_key(
    *, actor: Actor, envelope: bytes, label: str, at: datetime
) -> KeyRequest:
    """Keep a key.enrol that the new key has signed, for an administrator to co-sign.

    Raises:
        MalformedInput: no key.enrol, another party's or person's, or too strong a role.
        UntrustedSignature: the new key has not signed it, or somebody else has too.
        LedgerConflict: `key_known`, `key_requested`.
    """
    parsed, statement = _read(envelope)
    body = read_body(statement)
    if not isinstance(body, KeyEnrol) or actor.user is None or actor.partner is None:
        raise MalformedInput(
            "wrong_kind", field="kind", got=statement.kind, wanted="key.enrol"
        )
    if (statement.by, body.signer) != (actor.gln, actor.user.signer):
        raise MalformedInput(
            "not_yours", field="signer", got=body.signer, wanted="your own id"
        )
    queries.require_role(body.role, actor)
    genesis = queries.get_genesis()
    verify_scope(statement, origin=genesis.origin, at_ms=as_ms(at))
    if [each.keyid for each in parsed.signatures] != [body.key.keyid]:
        raise UntrustedSignature(
            "possession_missing",
            field="signatures",
            got="another key's, or several",
            wanted="the new key's alone",
        )
    verify_signature(
        key=body.key,
        pae=parsed.pae,
        signature=parsed.signatures[0],
        webauthn=genesis.webauthn,
    )
    require_new_key(body.key.keyid)
    try:
        with transaction.atomic():
            return KeyRequest.objects.create(
                partner=actor.partner,
                user=actor.user,
                keyid=body.key.keyid,
                label=label.strip()[:_LABEL_CHARACTERS],
                envelope=envelope_bytes(parsed),
                created_at=at,
            )
    except IntegrityError as error:
        raise LedgerConflict("key_requested", got=body.key.keyid) from error


def propose(*, actor: Actor, envelope: bytes, at: datetime) -> Proposal:
    """Keep a party.admit or party.licence that an authority signed, for the others.

    Raises:
        MalformedInput: another kind, or what cannot be read.
        UntrustedSignature: a signature does not hold, or none is the actor's party's.
        LedgerConflict: `proposal_known`.
    """
    parsed, statement = _read(envelope)
    body = read_body(statement)
    if not isinstance(body, PartyAdmit | PartyLicence):
        raise MalformedInput(
            "wrong_kind",
            field="kind",
            got=statement.kind,
            wanted="party.admit or party.licence",
        )
    _verify_all(parsed, statement, at)
    if actor.gln not in queries.glns_of(parsed):
        raise UntrustedSignature(
            "not_of_party",
            field="signatures",
            got="none of its keys",
            wanted=f"one of {actor.gln}",
        )
    try:
        with transaction.atomic():
            return Proposal.objects.create(
                statement_id=statement_id(parsed),
                kind=statement.kind,
                about=body.gln,
                words=queries.words_of(statement, body),
                envelope=envelope_bytes(parsed),
                created_at=at,
            )
    except IntegrityError as error:
        raise LedgerConflict("proposal_known", got=statement_id(parsed)) from error


def add_signature(*, proposal_id: int, envelope: bytes, at: datetime) -> Proposal:
    """Add the signatures of `envelope` to a proposal over the same bytes.

    Raises:
        MalformedInput: `unknown_proposal`, or an envelope over other bytes.
        UntrustedSignature: a signature does not hold.
    """
    parsed, statement = _read(envelope)
    with transaction.atomic():
        proposals = Proposal.objects.select_for_update().filter(closed_at=None)
        proposal = proposals.filter(pk=proposal_id).first()
        if proposal is None:
            raise MalformedInput("unknown_proposal", got=proposal_id)
        kept = parse_envelope(bytes(proposal.envelope))
        if kept.pae != parsed.pae:
            raise MalformedInput(
                "wrong_payload",
                field="payload",
                got=statement_id(parsed),
                wanted=proposal.statement_id,
            )
        _verify_all(parsed, statement, at)
        signatures = {each.keyid: each for each in parsed.signatures}
        signatures |= {each.keyid: each for each in kept.signatures}
        merged = replace(
            kept, signatures=tuple(signatures[keyid] for keyid in sorted(signatures))
        )
        proposal.envelope = envelope_bytes(merged)
        proposal.save(update_fields=["envelope"])
    return proposal


def close_expired(*, at: datetime) -> int:
    """Close requests and proposals that the door would take no more; how many."""
    requests = KeyRequest.objects.filter(closed_at=None)
    proposals = Proposal.objects.filter(closed_at=None)
    return _close(requests, at) + _close(proposals, at)


def _close(rows: QuerySet[KeyRequest] | QuerySet[Proposal], at: datetime) -> int:
    expired = [
        pk
        for pk, envelope in rows.values_list("pk", "envelope")
        if _read(bytes(envelope))[1].expires_ms < as_ms(at)
    ]
    return rows.filter(pk__in=expired).update(closed_at=at)


def _read(envelope: bytes) -> tuple[Envelope, Statement]:
    parsed = parse_envelope(envelope)
    if parsed.payload_type != STATEMENT_TYPE:
        raise MalformedInput(
            "wrong_payload_type",
            field="payloadType",
            got=parsed.payload_type,
            wanted=STATEMENT_TYPE,
        )
    return parsed, parse_statement(parsed.payload)


def _verify_all(parsed: Envelope, statement: Statement, at: datetime) -> None:
    """Every signature holds, under an enrolled key or the first key it names."""
    genesis = queries.get_genesis()
    verify_scope(statement, origin=genesis.origin, at_ms=as_ms(at))
    body = read_body(statement)
    keys = {
        row.keyid: load_public_key(spki=bytes(row.spki), alg=row.algorithm)
        for row in queries.list_keys(each.keyid for each in parsed.signatures)
        if row.revoked_ms is None
    }
    if isinstance(body, PartyAdmit):
        keys[body.first_key.key.keyid] = body.first_key.key
    for signature in parsed.signatures:
        if signature.keyid not in keys:
            raise UntrustedSignature(
                "unknown_key",
                field=signature.keyid,
                got="a key that nobody enrolled",
                wanted="an enrolled key",
            )
        verify_signature(
            key=keys[signature.keyid],
            pae=parsed.pae,
            signature=signature,
            webauthn=genesis.webauthn,
        )
