"""Whose voice a statement is: the judgement is the ground's, the keys are our rows."""

from collections.abc import Iterable

from apps.core.encoding import format_time_ms
from apps.core.errors import UntrustedSignature
from apps.core.signing import load_public_key
from apps.core.speakers import Speaker, brought_by, key_about
from apps.core.speech import Speech, delegators_of, verify_speech
from apps.core.statement import Statement
from apps.ledger.operations import Submission
from apps.partners import queries
from apps.partners.models import SigningKey
from apps.partners.operations.lent import note_lent_voices
from apps.partners.operations.locks import lock_keys

CLOCK_TOLERANCE_MS = 5 * 60 * 1000


def authenticate(*, submission: Submission, revoking: str = "") -> tuple[Speaker, ...]:
    """Check who speaks; the rows of the enrolled keys stay locked for the transaction.

    1. The statement is for this ledger, begun and not over at the door's time.
    2. The enrolled keys are locked in ascending order, then read.
    3. No device key among them speaks for a shift that its person ended.
    4. They may say this (`core.speech`); lent voices are noted.

    Args:
        revoking: keyid that the caller is about to revoke; locked exclusively.

    Returns:
        Those who spoke, ascending by keyid; delegators in place of device keys.

    Raises:
        UntrustedSignature: whatever of this does not hold.
        MalformedInput: a body, an event or a delegation that cannot be read.
    Source: DESIGN section 3, "Envelope" and "Genesis and keys"; section 7, step 1.
    """
    statement, genesis = submission.statement, queries.get_genesis()
    # 1.
    verify_scope(statement, origin=genesis.origin, at_ms=submission.at_ms)
    # 2.
    lent = delegators_of(submission.envelope)
    signed = {each.keyid for each in submission.envelope.signatures}
    about = key_about(statement)
    wanted = {lent.get(keyid, keyid) for keyid in signed} - set(brought_by(statement))
    wanted |= {about} - {""}
    lock_keys(keyids=wanted, exclusive=revoking)
    speakers = {key.keyid: _speaker(key) for key in queries.list_keys(wanted)}
    # 3.
    _verify_shifts(lent)
    # 4.
    spoken = verify_speech(
        speech_of(submission),
        speakers=speakers,
        genesis=genesis,
        about=speakers.get(about),
    )
    note_lent_voices(submission)
    return spoken


def speech_of(submission: Submission) -> Speech:
    """A submission as the ground judges it, at the door's time."""
    return Speech(
        envelope=submission.envelope,
        statement=submission.statement,
        accepted_ms=submission.at_ms,
        lines=submission.lines,
    )


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


def _verify_shifts(device_keyids: Iterable[str]) -> None:
    ended = queries.ended_shifts(device_keyids)
    if ended:
        raise UntrustedSignature(
            "shift_ended",
            field=min(ended),
            got="a device key whose person ended the shift",
            wanted="a fresh one, or their own key",
        )


def _speaker(key: SigningKey) -> Speaker:
    return Speaker(
        key=load_public_key(spki=bytes(key.spki), alg=key.algorithm),
        gln=key.partner.gln,
        signer=key.signer,
        role=key.role,
        revoked_ms=key.revoked_ms,
    )
