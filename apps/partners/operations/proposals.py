"""Party statements that two offices sign, each by a person of its own.

One office proposes, the other signs the same bytes; with the last signature the
statement is recorded. Until then it can be withdrawn, and it expires by itself.
"""

from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from django.db import IntegrityError, transaction

from apps.core.bodies import KeyEnrol, KeyRevoke, PartyAdmit, PartyLicence
from apps.core.envelope import Envelope, envelope_bytes, parse_envelope, statement_id
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import load_public_key, verify_signature
from apps.core.speakers import brought_by
from apps.core.statement import Statement
from apps.ledger.formats import as_ms
from apps.partners import queries
from apps.partners.models import KeyRequest, MemberRole, Outcome, Proposal
from apps.partners.operations.authenticate import verify_scope
from apps.partners.operations.requests import read_envelope
from apps.partners.queries import Actor

Proposed: TypeAlias = PartyAdmit | PartyLicence | KeyRevoke
_KINDS = "party.admit, party.licence or key.revoke"


def propose(*, actor: Actor, envelope: bytes, at: datetime) -> Proposal:
    """Keep what one office signed of a party or its stolen key, for the other.

    Raises:
        MalformedInput: another kind, or what cannot be read.
        UntrustedSignature: a signature does not hold, or none is the actor's party's.
        LedgerConflict: `proposal_known`.
    """
    parsed, statement = read_envelope(envelope)
    _statement, body = queries.body_of(parsed)
    if not isinstance(body, Proposed):
        raise MalformedInput(
            "wrong_kind", field="kind", got=statement.kind, wanted=_KINDS
        )
    _verify_all(parsed, statement, at)
    if actor.gln not in queries.glns_of(parsed):
        raise UntrustedSignature(
            "not_of_party",
            field="signatures",
            got="none of its keys",
            wanted=f"one of {actor.gln}",
        )
    about, words = _about(statement, body), queries.words_of(statement, body)
    return _keep(parsed, statement, about=about, words=words, actor=actor, at=at)


def ask_offices(*, actor: Actor, request_id: int, at: datetime) -> Proposal:
    """Hand an administrator's own request for a key to the offices.

    For a party that has no administrator's key left: an authority and the operator
    sign the enrolment instead, and the ledger shows for ever that they did.

    Raises:
        MalformedInput: `unknown_request`: none of the actor's own that waits.
        LedgerConflict: `proposal_known`.
    """
    own = KeyRequest.objects.filter(
        pk=request_id, user=actor.user, partner=actor.partner, closed_at=None
    )
    request = own.first() if actor.can_administer else None
    if request is None:
        raise MalformedInput("unknown_request", got=request_id)
    parsed, statement = read_envelope(bytes(request.envelope))
    _statement, body = queries.body_of(parsed)
    if not isinstance(body, KeyEnrol):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    words = queries.enrol_words(body, who=request.partner.name)
    return _keep(parsed, statement, about=body.party, words=words, actor=actor, at=at)


def add_signature(
    *, actor: Actor, proposal_id: int, envelope: bytes, at: datetime
) -> Proposal:
    """Add the signatures of `envelope` to a proposal over the same bytes.

    Raises:
        MalformedInput: `unknown_proposal`, or an envelope over other bytes.
        UntrustedSignature: a signature does not hold; `not_waited_for`: nobody waits
            for one of them; `same_person`: nobody signs for both offices.
    """
    parsed, statement = read_envelope(envelope)
    with transaction.atomic():
        proposal = _lock_open(proposal_id, actor)
        kept = parse_envelope(bytes(proposal.envelope))
        if kept.pae != parsed.pae:
            raise MalformedInput(
                "wrong_payload",
                field="payload",
                got=statement_id(parsed),
                wanted=proposal.statement_id,
            )
        _verify_all(parsed, statement, at)
        _verify_waited_for(kept, parsed, statement)
        signatures = {each.keyid: each for each in parsed.signatures}
        signatures |= {each.keyid: each for each in kept.signatures}
        merged = replace(
            kept, signatures=tuple(signatures[keyid] for keyid in sorted(signatures))
        )
        proposal.envelope = envelope_bytes(merged)
        proposal.save(update_fields=["envelope"])
    return proposal


def withdraw_proposal(*, actor: Actor, proposal_id: int, at: datetime) -> None:
    """Take back what the actor's party said and the other office has not recorded.

    The door refuses the statement from now on, whoever kept a copy.

    Raises:
        MalformedInput: `unknown_proposal`: none that waits, or another party's words.
    """
    with transaction.atomic():
        proposal = _lock_open(proposal_id, actor)
        _parsed, statement = read_envelope(bytes(proposal.envelope))
        if statement.by != actor.gln or not actor.can_sign:
            raise MalformedInput("unknown_proposal", got=proposal_id)
        proposal.closed_at, proposal.outcome = at, Outcome.WITHDRAWN
        proposal.save(update_fields=["closed_at", "outcome"])


def _keep(
    parsed: Envelope,
    statement: Statement,
    *,
    about: str,
    words: str,
    actor: Actor,
    at: datetime,
) -> Proposal:
    try:
        with transaction.atomic():
            return Proposal.objects.create(
                statement_id=statement_id(parsed),
                kind=statement.kind,
                about=about,
                words=words,
                envelope=envelope_bytes(parsed),
                user=actor.user,
                created_at=at,
            )
    except IntegrityError as error:
        raise LedgerConflict("proposal_known", got=statement_id(parsed)) from error


def _lock_open(proposal_id: int, actor: Actor) -> Proposal:
    waiting = queries.proposals_visible_to(actor).filter(closed_at=None)
    proposal = (
        waiting.select_related(None).select_for_update().filter(pk=proposal_id).first()
    )
    if proposal is None:
        raise MalformedInput("unknown_proposal", got=proposal_id)
    return proposal


def _about(statement: Statement, body: Proposed) -> str:
    """The GLN of the party that it is about."""
    if isinstance(body, PartyAdmit | PartyLicence):
        return body.gln
    key = queries.find_key(body.keyid)
    if key is None:
        raise MalformedInput(
            "unknown_key", field="body.keyid", got=body.keyid, wanted="an enrolled key"
        )
    return key.partner.gln


def _verify_waited_for(kept: Envelope, parsed: Envelope, statement: Statement) -> None:
    """Each new signature is the brought key's, or of an office that has not signed."""
    standing = queries.standing_of(kept)
    known = {each.keyid for each in kept.signatures} | brought_by(statement).keys()
    fresh = {each.keyid for each in parsed.signatures} - known
    for key in queries.list_keys(fresh):
        if not standing.takes(key.partner.gln):
            raise UntrustedSignature(
                "not_waited_for",
                field=key.keyid,
                got=key.partner.gln,
                wanted="an office that has not signed",
            )
        if standing.has_signed(key.signer):
            raise UntrustedSignature(
                "same_person",
                field=key.keyid,
                got="who signed for the other office",
                wanted="two persons",
            )


def _verify_all(parsed: Envelope, statement: Statement, at: datetime) -> None:
    """Every signature holds, under an enrolled key or a key that it brings."""
    genesis = queries.get_genesis()
    verify_scope(statement, origin=genesis.origin, at_ms=as_ms(at))
    keys = {
        row.keyid: load_public_key(spki=bytes(row.spki), alg=row.algorithm)
        for row in queries.list_keys(each.keyid for each in parsed.signatures)
        if row.revoked_ms is None and row.role != MemberRole.MEMBER
    }
    keys |= {keyid: each.key for keyid, each in brought_by(statement).items()}
    for signature in parsed.signatures:
        if signature.keyid not in keys or signature.delegation is not None:
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
