"""The one door for statements: one transaction, dispatch by kind, one answer for ever.

1. A statement that was accepted before is answered from the record. One about goods
   that comes alone is asked for only where it is refused, as its own repetition is:
   its goods have left, its place in the ledger is taken.
2. The handler of its kind verifies signatures, judges, projects, appends.
3. A lost race (deadlock, two at once) is run again a few times, then is a conflict.
4. What the law of custody refuses leaves an alert, in a transaction of its own.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
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
from apps.core.statement import GOODS_KINDS, Statement
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
    is_alone = len(submissions) == 1 and submissions[0].statement.kind in GOODS_KINDS
    for attempt in range(1, _ATTEMPTS + 1):
        run = Run(submissions, is_asking=attempt > 1 or not is_alone)
        try:
            with transaction.atomic(durable=True):
                return run.accept()
        except (DatabaseError, TraceError) as error:
            if not _is_lost_race(error):
                if not _is_overtaken(run, error):
                    raise
                continue
            logger.warning("Lost race, attempt %d: %s", attempt, error)
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


def _is_overtaken(run: Run, error: DatabaseError | TraceError) -> bool:
    """True if a statement was accepted before, or while this run waited for a lock.

    Its own effect is then why it was refused: the goods have left, the GTIN is known.
    """
    if not isinstance(error, TraceError) or error.code == _OTHER_SIGNATURES:
        return False
    return bool(ledger.find_all_accepted(run.new_ids()))


@dataclass(slots=True)
class Run:
    """One try to accept statements in their order.

    Args:
        is_asking: whether the record is asked first which of them stand in it.
        answers: what it says of those that stood in it before, by position.
    """

    submissions: Sequence[Submission]
    is_asking: bool
    ids: list[str] = field(default_factory=list)
    answers: dict[int, Accepted] = field(default_factory=dict)

    def accept(self) -> list[Accepted]:
        """Accept all of them.

        Raises:
            TraceError: as `submit_all`; nothing may be kept then.
        """
        self.ids = [statement_id(each.envelope) for each in self.submissions]
        known = ledger.find_all_accepted(self.ids) if self.is_asking else {}
        first: dict[str, int] = {}
        waiting: list[int] = []
        for number, name in enumerate(self.ids):
            if name in known:
                with self._located(number):
                    self.answers[number] = self._answer(number, *known[name])
            elif name not in first:
                first[name] = number
                waiting.append(number)
        done = dict(self.answers)
        for part in self._runs(waiting):
            done.update(zip(part, self._accept_part(part), strict=True))
        for number, name in enumerate(self.ids):
            if number not in done:
                done[number] = self._again(number, first[name], done)
        return [done[number] for number in range(len(self.ids))]

    def new_ids(self) -> list[str]:
        """The statements that did not stand in the record when this began."""
        return [n for k, n in enumerate(self.ids) if k not in self.answers]

    def _runs(self, waiting: Sequence[int]) -> Iterator[list[int]]:
        """Statements about goods that follow each other are judged at once."""
        for is_goods, part in groupby(waiting, key=self._is_goods):
            if is_goods:
                yield list(part)
            else:
                yield from ([number] for number in part)

    def _is_goods(self, number: int) -> bool:
        return self.submissions[number].statement.kind in GOODS_KINDS

    def _accept_part(self, part: Sequence[int]) -> list[Accepted]:
        chosen = [self.submissions[number] for number in part]
        if self._is_goods(part[0]):
            return custody.record_all(
                chosen, located=lambda place: self._located(part[place])
            )
        with self._located(part[0]):
            return [HANDLERS[chosen[0].statement.kind](chosen[0])]

    def _again(self, number: int, first: int, done: dict[int, Accepted]) -> Accepted:
        """The same statement a second time in one request."""
        keyids = _keyids(self.submissions[first])
        with self._located(number):
            return self._answer(number, replace(done[first], is_new=False), keyids)

    def _answer(
        self, number: int, accepted: Accepted | None, keyids: tuple[str, ...]
    ) -> Accepted:
        """The stored answer; the id names what was said, the keyids who signed it."""
        if accepted is None:
            raise LedgerConflict("statement_erased", got=self.ids[number])
        if _keyids(self.submissions[number]) != keyids:
            raise LedgerConflict(
                _OTHER_SIGNATURES,
                field="signatures",
                wanted="the keys it was accepted with; a co-signature is a new statement",
            )
        return accepted

    def _located(self, number: int) -> AbstractContextManager[None]:
        return numbered(number) if len(self.submissions) > 1 else nullcontext()


def _keyids(submission: Submission) -> tuple[str, ...]:
    return tuple(signature.keyid for signature in submission.envelope.signatures)


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
