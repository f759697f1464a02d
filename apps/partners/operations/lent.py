"""Voices that were lent for a shift: a device key speaks for an enrolled key."""

from dataclasses import dataclass

from apps.core.delegation import Delegation, read_delegation, verify_delegation
from apps.core.envelope import Signature
from apps.core.epcis import parse_event
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.events import parse_lines
from apps.core.signing import PublicKey, verify_signature
from apps.core.statement import GOODS_KINDS
from apps.ledger.operations import Submission
from apps.partners import queries
from apps.partners.models import MemberRole


@dataclass(frozen=True, slots=True)
class Lent:
    """A delegation and the keyid of who must have signed it."""

    delegation: Delegation
    delegator: str


def read_lent(submission: Submission) -> dict[str, Lent]:
    """The delegations inside an envelope, by the keyid of the device key.

    Raises:
        MalformedInput: one that cannot be read.
    """
    lent = {}
    for signature in submission.envelope.signatures:
        if signature.delegation is not None:
            delegation, delegator = read_delegation(signature)
            lent[signature.keyid] = Lent(delegation, delegator)
    return lent


def verify_lent(
    submission: Submission,
    signature: Signature,
    lent: Lent,
    *,
    delegator: PublicKey,
    voice: tuple[str, str],
) -> None:
    """Check one signature of a device key.

    1. It speaks for the ledger, party and person of its delegator.
    2. It was lent for signing, and speaks of goods, at the one site it was lent for.
    3. The delegator signed the delegation, and its time is now.
    4. The device key signed the statement.

    Args:
        delegator: the enrolled key that lent its voice.
        voice: GLN and signer id of that key.

    Raises:
        UntrustedSignature: whatever of this does not hold.
        MalformedInput: a goods statement whose events cannot be read.
    """
    delegation, scope = lent.delegation, queries.get_genesis().webauthn
    # 1.
    said = (delegation.ledger, delegation.by, delegation.signer)
    if said != (submission.statement.ledger, *voice):
        raise UntrustedSignature(
            "delegation_mismatch", field=signature.keyid, wanted="the delegator's own"
        )
    # 2.
    _verify_use(submission, delegation)
    # 3.
    if signature.delegation is None:
        raise MalformedInput("missing_field", field="delegation")
    verify_delegation(
        envelope=signature.delegation,
        delegator=delegator,
        webauthn=scope,
        delegation=delegation,
        accepted_ms=submission.at_ms,
    )
    # 4.
    verify_signature(
        key=delegation.key,
        pae=submission.envelope.pae,
        signature=signature,
        webauthn=scope,
    )


def _verify_use(submission: Submission, delegation: Delegation) -> None:
    kind = submission.statement.kind
    if kind not in GOODS_KINDS:
        raise UntrustedSignature(
            "delegation_too_weak", field="kind", got=kind, wanted="an event"
        )
    if delegation.role == MemberRole.MEMBER:  # members read; they do not sign
        raise UntrustedSignature(
            "delegation_too_weak",
            field="role",
            got=delegation.role,
            wanted=MemberRole.SIGNER.value,
        )
    elsewhere = _sites(submission) - {delegation.site}
    if elsewhere:
        raise UntrustedSignature(
            "delegation_elsewhere",
            field="readPoint",
            got=min(elsewhere),
            wanted=delegation.site,
        )


def _sites(submission: Submission) -> set[str]:
    if submission.lines is not None:
        lines = parse_lines(submission.lines)
        return {line.event.read_point.gln for line in lines}
    return {parse_event(submission.statement.body).read_point.gln}
