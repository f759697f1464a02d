"""Whose voice a statement is: the judgement is the ground's, the keys are our rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import NamedTuple, Self

from apps.core.bodies import Genesis
from apps.core.encoding import format_time_ms
from apps.core.errors import UntrustedSignature
from apps.core.signing import PublicKey, load_public_key
from apps.core.speakers import Speaker, brought_by, key_about
from apps.core.speech import Speech, delegators_of, verify_speech
from apps.core.statement import Statement
from apps.ledger.operations import Submission
from apps.partners.operations.lent import digests_of, note_lent_voices
from apps.partners.operations.locks import HeldKey, Voices, hold_voices

Located = Callable[[int], AbstractContextManager[None]]

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
    (spoken,), _ = _authenticate_all(
        [submission], glns=(), revoking=revoking, located=lambda _: nullcontext()
    )
    return spoken


def authenticate_all(
    *, submissions: Sequence[Submission], glns: Iterable[str], located: Located
) -> Genesis:
    """As `authenticate`, for several statements at once; partners are locked as well.

    Args:
        glns: partners to hold, in their place in the order of locks.
        located: lets an error say which of the statements it speaks of.

    Returns:
        The body of the genesis statement.
    """
    return _authenticate_all(submissions, glns=glns, revoking="", located=located)[1]


def _authenticate_all(
    submissions: Sequence[Submission],
    *,
    glns: Iterable[str],
    revoking: str,
    located: Located,
) -> tuple[list[tuple[Speaker, ...]], Genesis]:
    asked: list[_Asked] = []
    for number, submission in enumerate(submissions):
        with located(number):
            asked.append(_Asked.by(submission))
    # 2.
    voices = hold_voices(
        keyids={keyid for each in asked for keyid in each.keyids},
        revoking=revoking,
        glns=glns,
        devices={keyid for each in asked for keyid in each.lent},
        digests={digest for each in submissions for digest in digests_of(each)},
    )
    speakers = {key.keyid: _speaker(key) for key in voices.keys}
    spoken = []
    for number, (submission, each) in enumerate(zip(submissions, asked, strict=True)):
        with located(number):
            spoken.append(_verify(submission, each, speakers, voices))
    return spoken, voices.genesis


class _Asked(NamedTuple):
    """The keys that a statement's judgement asks for: `about` one, `lent` by others."""

    keyids: frozenset[str]
    lent: dict[str, str]
    about: str

    @classmethod
    def by(cls, submission: Submission) -> Self:
        statement = submission.statement
        lent = delegators_of(submission.envelope)
        signed = {each.keyid for each in submission.envelope.signatures}
        about = key_about(statement)
        wanted = {lent.get(keyid, keyid) for keyid in signed}
        wanted -= set(brought_by(statement))
        return cls(frozenset(wanted | ({about} - {""})), lent, about)


def _verify(
    submission: Submission,
    asked: _Asked,
    speakers: Mapping[str, Speaker],
    voices: Voices,
) -> tuple[Speaker, ...]:
    genesis = voices.genesis
    # 1.
    verify_scope(submission.statement, origin=genesis.origin, at_ms=submission.at_ms)
    # 3.
    _verify_shifts(voices.ended.intersection(asked.lent))
    # 4.
    spoken = verify_speech(
        speech_of(submission),
        speakers={k: speakers[k] for k in asked.keyids if k in speakers},
        genesis=genesis,
        about=speakers.get(asked.about),
    )
    note_lent_voices(submission, seen=voices.seen)
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


def _verify_shifts(ended: set[str]) -> None:
    if ended:
        raise UntrustedSignature(
            "shift_ended",
            field=min(ended),
            got="a device key whose person ended the shift",
            wanted="a fresh one, or their own key",
        )


@lru_cache(maxsize=4_096)
def _loaded(spki: bytes, alg: str) -> PublicKey:
    # Enrolled once and never changed; whether it may still speak stands in its row.
    return load_public_key(spki=spki, alg=alg)


def _speaker(key: HeldKey) -> Speaker:
    return Speaker(
        key=_loaded(key.spki, key.algorithm),
        gln=key.gln,
        signer=key.signer,
        role=key.role,
        revoked_ms=key.revoked_ms,
    )
