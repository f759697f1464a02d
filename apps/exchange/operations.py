"""The one door for statements: one transaction, dispatch by kind, one answer for ever.

1. A statement that was accepted before is answered from the record.
2. The handler of its kind verifies signatures, judges, projects, appends.
3. A lost race (deadlock, two at once) is run again a few times, then is a conflict.
4. What the law of custody refuses leaves an alert, in a transaction of its own.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import DatabaseError, transaction

from apps.alerts import operations as alerts
from apps.catalog import operations as catalog
from apps.core.envelope import statement_id
from apps.core.errors import (
    ForbiddenTransfer,
    LedgerConflict,
    TraceError,
)
from apps.core.statement import Statement
from apps.custody import operations as custody
from apps.custody import queries as goods
from apps.edge.races import is_lost_race
from apps.exchange.formats import numbered, read_submission
from apps.ledger import queries as ledger
from apps.ledger.operations import Accepted, Submission
from apps.partners import operations as partners
from apps.recalls import operations as recalls

logger = logging.getLogger(__name__)

Handler = Callable[[Submission], Accepted]

HANDLERS: Final[Mapping[str, Handler]] = {
    "genesis": partners.open_ledger,
    "party.admit": partners.admit_partner,
    "party.licence": partners.license_partner,
    "key.enrol": partners.enrol_key,
    "key.revoke": partners.revoke_key,
    "key.reattest": partners.reattest,
    "product.register": catalog.register_product,
    "event": custody.record_events,
    "events": custody.record_events,
    "recall.open": recalls.open_recall,
    "recall.amend": recalls.amend_recall,
    "recall.close": recalls.close_recall,
    "recall.answer": recalls.answer_recall,
    "erasure": custody.close_books,
}
_ATTEMPTS: Final = 5
_PATIENCE_SECONDS: Final = 5.0  # a busy SQLite waits 20 seconds by itself
_PAUSE_SECONDS: Final = 0.02
_OTHER_SIGNATURES: Final = "other_signatures"
# Containers that changed between reading and locking: read anew, it may well hold.
_MOVED_MEANWHILE: Final = frozenset({"containers_moved"})


def submit(
    *, envelope: bytes, lines: bytes | None, at: datetime, origin: str
) -> Accepted:
    """Accept one statement, or refuse it and write nothing but perhaps an alert.

    Args:
        envelope: DSSE JSON.
        lines: NDJSON of kind `events`, else None.
        at: when it came; the law's clock is never below it.
        origin: name of this ledger.

    Raises:
        MalformedInput, UntrustedSignature, ForbiddenTransfer: as its handler says.
        LedgerConflict: `other_signatures`: the same statement stands there with
            other keys; `lost_race`: too many others at once; or as its handler says.
        Unavailable: the ledger is in quarantine, or the disk is full.
    """
    submission = read_submission(envelope=envelope, lines=lines, at=at, origin=origin)
    try:
        return submit_all(submissions=[submission], at=at)[0]
    except LedgerConflict as conflict:
        if conflict.code == "subjects_differ" and submission.statement.kind == "event":
            conflict.extra = {"draft": _fresh_draft(submission.statement, at)}
        raise


def _fresh_draft(statement: Statement, at: datetime) -> dict[str, Any] | None:
    """The same event as it would have to be signed now; None if it cannot be at all."""
    try:
        return goods.redraft_event(statement=statement, at=at).as_json()
    except TraceError:
        return None


def submit_all(*, submissions: Sequence[Submission], at: datetime) -> list[Accepted]:
    """Accept statements in their order, all in one transaction or none.

    Raises:
        TraceError: as `submit`; with several, `field` begins with the position.
    """
    try:
        return _run_again_on_lost_races(submissions)
    except ForbiddenTransfer as refusal:
        _raise_alert(submissions, refusal, at)
        raise


def _run_again_on_lost_races(submissions: Sequence[Submission]) -> list[Accepted]:
    last_start = time.monotonic() + _PATIENCE_SECONDS
    for attempt in range(1, _ATTEMPTS + 1):
        accepted: list[Accepted] = []
        try:
            _accept_all(submissions, accepted)
        except (DatabaseError, TraceError) as error:
            refused = submissions[len(accepted) :][:1]
            if not _is_lost_race(error) and not _is_overtaken(refused, error):
                raise
            logger.warning("Lost race, attempt %d: %s", attempt, error)
        else:
            return accepted
        if time.monotonic() > last_start:
            break
        # Equal pauses would meet again.
        pause = _PAUSE_SECONDS * attempt * (0.5 + random.random())  # noqa: S311  # no secret
        time.sleep(pause)
    raise LedgerConflict("lost_race", wanted="the same request again in a second")


def _is_lost_race(error: DatabaseError | TraceError) -> bool:
    if isinstance(error, DatabaseError):
        return is_lost_race(error)
    return isinstance(error, LedgerConflict) and error.code in _MOVED_MEANWHILE


def _is_overtaken(
    refused: Sequence[Submission], error: DatabaseError | TraceError
) -> bool:
    """True if the very statement was accepted while this run waited for a lock.

    Its own effect is then why it was refused: the goods have left, the GTIN is known.
    """
    if not isinstance(error, TraceError) or error.code == _OTHER_SIGNATURES:
        return False
    return any(ledger.keyids_of(statement_id(each.envelope)) for each in refused)


def _accept_all(submissions: Sequence[Submission], accepted: list[Accepted]) -> None:
    """Accept in order into `accepted`; what it holds at an error is undone."""
    with transaction.atomic(durable=True):
        if len(submissions) == 1:
            accepted.append(_accept(submissions[0]))
            return
        for position, submission in enumerate(submissions):
            accepted.append(_accept_numbered(position, submission))


def _accept_numbered(position: int, submission: Submission) -> Accepted:
    with numbered(position):
        return _accept(submission)


def _accept(submission: Submission) -> Accepted:
    found = _find_earlier(submission)
    if found is not None:
        return found
    return HANDLERS[submission.statement.kind](submission)


def _find_earlier(submission: Submission) -> Accepted | None:
    """The stored answer; the id names what was said, the keyids who signed it."""
    accepted = ledger.find_accepted(statement_id(submission.envelope))
    if accepted is None:
        return None
    keyids = tuple(signature.keyid for signature in submission.envelope.signatures)
    if keyids != ledger.keyids_of(accepted.statement_id):
        raise LedgerConflict(
            _OTHER_SIGNATURES,
            field="signatures",
            wanted="the keys it was accepted with; a co-signature is a new statement",
        )
    return accepted


def _raise_alert(
    submissions: Sequence[Submission], refusal: ForbiddenTransfer, at: datetime
) -> None:
    """Note the attempt; the refusal stands even if that cannot be written."""
    number = refusal.field.partition(".")[0]
    position = int(number) if len(submissions) > 1 and number.isdigit() else 0
    submission = submissions[position]
    name = statement_id(submission.envelope)
    serials = next(
        (s.serials for s in submission.statement.subjects if s.serials), None
    )
    try:
        with transaction.atomic():
            alerts.raise_alert(
                kind=refusal.code,
                rule=refusal.rule,
                partner_gln=submission.statement.by,
                summary=refusal.sentence(),
                cause=hashlib.sha256(f"{name} {refusal.code}".encode()).hexdigest(),
                at=at,
                gtin=serials.gtin if serials else "",
                lot=serials.lot if serials else "",
                subject=name,
            )
    except DatabaseError:
        logger.exception("The alert for %s could not be written", name)
