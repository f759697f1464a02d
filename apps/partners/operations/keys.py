"""Signing keys: enrolled once by themselves and an admin, revoked once, never edited."""

from apps.core.bodies import KeyEnrol, KeyRevoke, read_body
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.signing import PublicKey
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.partners import queries
from apps.partners.formats import Said
from apps.partners.models import KeyRequest, MemberRole, SigningKey, TradingPartner
from apps.partners.operations.authenticate import authenticate
from apps.partners.operations.closing import close_proposal
from apps.partners.operations.locks import lock_partners
from apps.partners.operations.tags import key_tag_of, party_tag_of, require_tags


def enrol_key(submission: Submission) -> Accepted:
    """Accept key.enrol: the new key shows possession, an admin key of its party agrees.

    A party without an admin key left is helped by an authority and the operator.

    Raises:
        MalformedInput: `wrong_subjects`, `wrong_tag`, `unknown_partner`, or a body
            that cannot be read.
        UntrustedSignature: as `authenticate`.
        LedgerConflict: `key_known`: a keyid is enrolled once in the ledger;
            `proposal_withdrawn`.
    Source: DESIGN section 3, "Genesis and keys".
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, KeyEnrol):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    keyid = body.key.keyid
    require_tags(statement, party_tag_of(body.party), key_tag_of(keyid))
    require_key_tag(body.key_tag, keyid)
    authenticate(submission=submission)
    lock_partners(glns=[body.party])
    require_new_key(keyid)
    said = Said.by(submission)
    row_of_key(
        key=body.key,
        partner=queries.get_partner(body.party),
        signer=body.signer,
        role=MemberRole(body.role),
        said=said,
    ).save(force_insert=True)
    KeyRequest.objects.filter(keyid=keyid, closed_at=None).update(closed_at=said.at)
    close_proposal(said)
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def revoke_key(submission: Submission) -> Accepted:
    """Accept key.revoke: of the key itself, its party's admin, or both offices.

    Not retroactive: what the key signed before stays; `suspect_since` marks it.

    Raises:
        MalformedInput: `unknown_key`, `wrong_subjects`, or an unreadable body.
        UntrustedSignature: as `authenticate`.
        LedgerConflict: `key_revoked`: a key ends once; `proposal_withdrawn`.
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, KeyRevoke):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    require_tags(statement, key_tag_of(body.keyid))
    key = queries.find_key(body.keyid)
    if key is None:
        raise MalformedInput(
            "unknown_key", field="body.keyid", got=body.keyid, wanted="an enrolled key"
        )
    authenticate(submission=submission, revoking=body.keyid)
    key.refresh_from_db(fields=["revoked_ms"])  # the row is locked only now
    if key.revoked_ms is not None:
        raise LedgerConflict(
            "key_revoked",
            field="body.keyid",
            got=body.keyid,
            wanted="a key that is not revoked",
        )
    said = Said.by(submission)
    SigningKey.objects.filter(keyid=key.keyid).update(
        revoked_by=said.statement_id,
        revoked_ms=said.accepted_ms,
        suspect_since_ms=body.suspect_since_ms,
    )
    close_proposal(said)
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def require_key_tag(tag: bytes, keyid: str) -> None:
    """Check that a body names the chain of its key.

    Raises:
        MalformedInput: `wrong_tag`.
    """
    if tag != key_tag_of(keyid):
        raise MalformedInput(
            "wrong_tag",
            field="body.key_tag",
            got=tag.hex(),
            wanted=key_tag_of(keyid).hex(),
        )


def require_new_key(keyid: str) -> None:
    """Check that no party of this ledger ever enrolled the key.

    Raises:
        LedgerConflict: `key_known`.
    """
    if queries.find_key(keyid) is not None:
        raise LedgerConflict("key_known", field="body", got=keyid, wanted="a new key")


def row_of_key(
    *,
    key: PublicKey,
    partner: TradingPartner,
    signer: str,
    role: MemberRole,
    said: Said,
    is_genesis: bool = False,
) -> SigningKey:
    """The row of a key that the statement `said` enrols; not saved yet."""
    return SigningKey(
        keyid=key.keyid,
        spki=key.spki,
        algorithm=key.alg,
        partner=partner,
        signer=signer,
        role=role,
        tag=key_tag_of(key.keyid),
        enrolled_by=said.statement_id,
        enrolled_ms=said.accepted_ms,
        is_genesis=is_genesis,
    )
