"""Whose voice a statement is: every signature holds, one of them is of `by`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.core.encoding import format_time_ms
from apps.core.errors import UntrustedSignature
from apps.core.signing import PublicKey, load_public_key, verify_signature
from apps.core.statement import Statement
from apps.ledger.operations import Submission
from apps.partners import queries
from apps.partners.models import MemberRole, SigningKey
from apps.partners.operations.lent import read_lent, verify_lent
from apps.partners.operations.locks import lock_keys

CLOCK_TOLERANCE_MS = 5 * 60 * 1000


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key that the statement itself brings: it may verify before it is enrolled.

    Args:
        gln: the party it will speak for.
        signer: id of the person or system that holds it.
    """

    key: PublicKey
    gln: str
    signer: str


def authenticate(
    *, submission: Submission, named: Iterable[NamedKey] = (), revoking: str = ""
) -> tuple[SigningKey, ...]:
    """Check who speaks; the rows of the enrolled keys stay locked for the transaction.

    1. The statement is for this ledger, begun and not over at the door's time.
    2. The enrolled keys are locked in ascending order, then read.
    3. Every signature verifies: under an enrolled key that is not revoked, under a
       key that the statement names, or under a delegation of an enrolled key.
    4. One of the keys is of `by`, and `signer` is that key's person or system.

    Args:
        named: keys in the body, for key.enrol and party.admit only.
        revoking: keyid that the caller is about to revoke; locked exclusively.

    Returns:
        The enrolled keys that spoke, delegators included, ascending by keyid.

    Raises:
        UntrustedSignature: whatever of this does not hold.
        MalformedInput: a delegation that cannot be read.
    Source: DESIGN section 3, "Envelope" and "Genesis and keys"; section 7, step 1.
    """
    statement, genesis = submission.statement, queries.get_genesis()
    # 1.
    verify_scope(statement, origin=genesis.origin, at_ms=submission.at_ms)
    # 2.
    own = {each.key.keyid: each for each in named}
    lent = read_lent(submission)
    wanted = {
        lent[each.keyid].delegator if each.keyid in lent else each.keyid
        for each in submission.envelope.signatures
    } - own.keys()
    lock_keys(keyids=wanted, exclusive=revoking)
    enrolled = {key.keyid: key for key in queries.list_keys(wanted)}
    # 3.
    for signature in submission.envelope.signatures:
        device = lent.get(signature.keyid)
        if device is not None:
            delegator = _usable(device.delegator, enrolled)
            row = enrolled[device.delegator]
            voice = (row.partner.gln, row.signer)
            verify_lent(submission, signature, device, delegator=delegator, voice=voice)
            continue
        new = own.get(signature.keyid)
        verify_signature(
            key=new.key if new else _usable(signature.keyid, enrolled),
            pae=submission.envelope.pae,
            signature=signature,
            webauthn=genesis.webauthn,
        )
    # 4.
    _verify_speaker(statement, enrolled.values(), own, submission)
    return tuple(enrolled[keyid] for keyid in sorted(enrolled))


def verify_scope(statement: Statement, *, origin: str, at_ms: int) -> None:
    """Check that a statement is for this ledger and in time.

    Raises:
        UntrustedSignature: `other_ledger`, `statement_expired`, `from_the_future`.
    """
    if statement.ledger != origin:
        raise UntrustedSignature(
            "other_ledger", field="ledger", got=statement.ledger, wanted=origin
        )
    if at_ms > statement.expires_ms:
        raise UntrustedSignature(
            "statement_expired",
            field="expires",
            got=format_time_ms(statement.expires_ms),
            wanted=f"{format_time_ms(at_ms)} or later",
        )
    if statement.at_ms > at_ms + CLOCK_TOLERANCE_MS:
        raise UntrustedSignature(
            "from_the_future",
            field="at",
            got=format_time_ms(statement.at_ms),
            wanted=f"at most 5 minutes after {format_time_ms(at_ms)}",
        )


def _usable(keyid: str, enrolled: Mapping[str, SigningKey]) -> PublicKey:
    key = enrolled.get(keyid)
    if key is None:
        raise UntrustedSignature("unknown_key", field=keyid, wanted="an enrolled key")
    if key.revoked_ms is not None:
        raise UntrustedSignature(
            "revoked_key",
            field=keyid,
            got=f"revoked {format_time_ms(key.revoked_ms)}",
            wanted="a key that is not revoked",
        )
    if key.role == MemberRole.MEMBER:
        raise UntrustedSignature(
            "key_may_not_sign", field=keyid, got=key.role, wanted="a signer's key"
        )
    return load_public_key(spki=bytes(key.spki), alg=key.algorithm)


def _verify_speaker(
    statement: Statement,
    enrolled: Iterable[SigningKey],
    own: Mapping[str, NamedKey],
    submission: Submission,
) -> None:
    signed = {each.keyid for each in submission.envelope.signatures}
    voices = [(key.partner.gln, key.signer) for key in enrolled] + [
        (each.gln, each.signer) for keyid, each in own.items() if keyid in signed
    ]
    signers = {signer for gln, signer in voices if gln == statement.by}
    if not signers:
        raise UntrustedSignature(
            "not_of_party", field="by", got=statement.by, wanted="a signature of `by`"
        )
    if statement.signer not in signers:
        raise UntrustedSignature(
            "not_the_signer",
            field="signer",
            got=statement.signer,
            wanted="the person or system whose key signed",
        )
