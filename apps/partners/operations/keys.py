"""Signing keys: enrolled once by themselves and an admin, revoked once, never edited."""

from apps.core.bodies import KeyEnrol, KeyRevoke, read_body
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import PublicKey
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.partners import queries
from apps.partners.formats import Said
from apps.partners.models import KeyRequest, MemberRole, SigningKey, TradingPartner
from apps.partners.operations.authenticate import NamedKey, authenticate
from apps.partners.operations.locks import lock_partners
from apps.partners.operations.tags import key_tag_of, party_tag_of, require_tags


def enrol_key(submission: Submission) -> Accepted:
    """Accept key.enrol: the new key shows possession, an admin key of its party agrees.

    Raises:
        MalformedInput: `wrong_subjects`, or a body that cannot be read.
        UntrustedSignature: the new key or an admin key of the party has not signed,
            or as `authenticate`.
        LedgerConflict: `key_known`: a keyid is enrolled once in the ledger.
    Source: DESIGN section 3, "Genesis and keys".
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, KeyEnrol):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    keyid = body.key.keyid
    require_tags(statement, party_tag_of(body.party), key_tag_of(keyid))
    new = NamedKey(key=body.key, gln=body.party, signer=body.signer)
    spoken = authenticate(submission=submission, named=[new])
    require_possession(submission, keyid)
    require_admin(spoken, gln=body.party)
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
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def revoke_key(submission: Submission) -> Accepted:
    """Accept key.revoke, signed by an admin key of the party or by the key itself.

    Not retroactive: what the key signed before stays; `suspect_since` marks it.

    Raises:
        MalformedInput: `unknown_key`, `wrong_subjects`, or an unreadable body.
        UntrustedSignature: another party's key, no admin's signature, or as
            `authenticate`.
        LedgerConflict: `key_revoked`: a key ends once.
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, KeyRevoke):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    require_tags(statement, key_tag_of(body.keyid))
    spoken = authenticate(submission=submission, revoking=body.keyid)
    key = queries.find_key(body.keyid)
    if key is None:
        raise MalformedInput(
            "unknown_key", field="body.keyid", got=body.keyid, wanted="an enrolled key"
        )
    if key.partner.gln != statement.by:
        raise UntrustedSignature(
            "not_of_party", field="by", got=statement.by, wanted="the key's own party"
        )
    if key.keyid not in {each.keyid for each in spoken}:
        require_admin(spoken, gln=statement.by)
    if key.revoked_ms is not None:
        raise LedgerConflict("key_revoked", field="body.keyid", got=body.keyid)
    said = Said.by(submission)
    SigningKey.objects.filter(keyid=key.keyid).update(
        revoked_by=said.statement_id,
        revoked_ms=said.accepted_ms,
        suspect_since_ms=body.suspect_since_ms,
    )
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def require_possession(submission: Submission, keyid: str) -> None:
    """Check that the key with `keyid` is among the signers.

    Raises:
        UntrustedSignature: `possession_missing`. Without it somebody could enrol a
            key that another party holds.
    """
    if keyid not in {each.keyid for each in submission.envelope.signatures}:
        raise UntrustedSignature(
            "possession_missing", field="signatures", wanted=f"one by {keyid}"
        )


def require_admin(spoken: tuple[SigningKey, ...], *, gln: str) -> None:
    """Check that one of the keys that spoke is an admin key of the party.

    Raises:
        UntrustedSignature: `admin_missing`.
    """
    is_admin = [
        key.partner.gln == gln and key.role == MemberRole.ADMIN for key in spoken
    ]
    if not any(is_admin):
        raise UntrustedSignature(
            "admin_missing", field="signatures", wanted=f"an admin key of {gln}"
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
