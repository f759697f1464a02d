"""Step 6: others vouch for when a published head existed; their receipts are leaves.

Nobody waits for them: statements are accepted, logged and published all the same. Which
service is due stands in rows (`AnchorState`), so a lost tick is made up by the next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, connection, transaction

from apps.anchoring import queries
from apps.anchoring.clients.anchors import Stamp, open_anchor
from apps.anchoring.models import AnchorPending, AnchorState, AnchorToken
from apps.anchoring.queries import AnchorStand, PublishedHead
from apps.core.errors import IntegrityBreach, LedgerConflict, TraceError
from apps.core.leaf import anchor_commitment
from apps.core.note import Note
from apps.ledger import queries as ledger

logger = logging.getLogger(__name__)

# A service stamps the newest head so often, if anything was said since.
EVERY: Final = timedelta(hours=1)
# After a failure it is asked again, each time after twice the pause.
RETRY: Final = timedelta(minutes=1)
MOST_RETRY: Final = timedelta(minutes=30)
_MOST_AT_ONCE: Final = 8
_MOST_TAKEN: Final = 100


@dataclass(frozen=True, slots=True)
class Anchored:
    """What came of a round.

    Args:
        size: of the head that was to be stamped, 0 before the first.
        stamped: names of the services that did.
        failed: why the others did not, by name.
    """

    size: int
    stamped: tuple[str, ...]
    failed: dict[str, TraceError]


@dataclass(frozen=True, slots=True)
class _Answer:
    stand: AnchorStand
    stamp: Stamp | None = None
    fault: TraceError | None = None


def anchor_due(*, at: datetime) -> Anchored:
    """Ask the services whose hour or whose next try has come, for the published head.

    Raises:
        Unavailable: `quarantined`; `anchors_unusable`.
        IntegrityBreach: the published head is not the one that was signed.
    """
    return _anchor(at, lambda stand: _is_due(stand, at))


def anchor_now(*, at: datetime) -> Anchored:
    """Ask every service that has anything new to stamp.

    Raises:
        Unavailable, IntegrityBreach: as `anchor_due`.
    """
    return _anchor(at, lambda stand: stand.waiting_ms is not None)


def take_anchors() -> list[bytes]:
    """Take the commitments of pending anchors from their queue, oldest first.

    For the sequencer only, inside its transaction.

    Raises:
        RuntimeError: called outside a transaction.
        LedgerConflict: `sequencer_race`: another sequencer took some of them.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("take_anchors needs the sequencer's transaction")
    waiting = AnchorPending.objects.order_by("token_id")
    found = dict(waiting.values_list("token_id", "token__commitment")[:_MOST_TAKEN])
    if not found:
        return []
    taken, _ = AnchorPending.objects.filter(token_id__in=list(found)).delete()
    if taken != len(found):
        raise LedgerConflict("sequencer_race", got=taken, wanted=str(len(found)))
    return [bytes(commitment) for commitment in found.values()]


def _anchor(at: datetime, is_wanted: Callable[[AnchorStand], bool]) -> Anchored:
    ledger.require_no_quarantine()
    head = queries.newest_checkpoint()
    wanted = [stand for stand in queries.list_anchor_stands() if is_wanted(stand)]
    if head is None or not wanted:
        return Anchored(head.size if head else 0, (), {})
    data = _text_of(head).encode()
    with ThreadPoolExecutor(min(len(wanted), _MOST_AT_ONCE)) as pool:
        answers = list(pool.map(lambda stand: _ask(stand, data, at), wanted))
    for answer in answers:
        _record(answer, head, at=at)
    return Anchored(
        head.size,
        tuple(each.stand.options.name for each in answers if each.stamp),
        {each.stand.options.name: each.fault for each in answers if each.fault},
    )


def _is_due(stand: AnchorStand, at: datetime) -> bool:
    if stand.waiting_ms is None:
        return False
    state = stand.state
    if state is None:
        return True
    if state.failures:
        # 32 minutes are above the longest pause already.
        pause = min(RETRY * (1 << min(state.failures - 1, 5)), MOST_RETRY)
        return at - state.asked_at >= pause
    return state.stamped_at is None or at - state.stamped_at >= EVERY


def _text_of(head: PublishedHead) -> str:
    """The text of the published head, which must be the one that was signed."""
    text = queries.find_head_text(head.size)
    if text is None or text != Note.parse(head.note).text:
        raise IntegrityBreach("database_differs", field=f"checkpoint {head.size}")
    return text


def _ask(stand: AnchorStand, data: bytes, at: datetime) -> _Answer:
    try:
        service = open_anchor(stand.options)
        return _Answer(stand, stamp=service.stamp(data, at=at))
    except TraceError as error:
        return _Answer(stand, fault=error)


def _record(answer: _Answer, head: PublishedHead, *, at: datetime) -> None:
    name = answer.stand.options.name
    if answer.stamp is None:
        _record_fault(answer, at=at)
        return
    try:
        with transaction.atomic():
            _keep(answer.stand, answer.stamp, head, at=at)
    except IntegrityError:
        # Another worker asked at the same time, and was faster.
        logger.info("%s has stamped %s already", name, head.size)


def _keep(
    stand: AnchorStand, stamp: Stamp, head: PublishedHead, *, at: datetime
) -> None:
    """The token and its place in the queue: both, or neither."""
    commitment = anchor_commitment(
        tree_size=head.size, root=head.root_hash, token=stamp.token
    )
    token = AnchorToken.objects.create(
        name=stand.options.name,
        kind=stand.options.kind,
        tree_size=head.size,
        root_hash=head.root_hash,
        token=stamp.token,
        commitment=commitment,
        stamped_at=stamp.stamped_at,
        received_at=at,
    )
    AnchorPending.objects.create(token=token)
    AnchorState.objects.update_or_create(
        name=stand.options.name,
        defaults={
            "asked_at": at,
            "stamped_at": at,
            "failures": 0,
            "fault": "",
            "detail": "",
        },
    )


def _record_fault(answer: _Answer, *, at: datetime) -> None:
    stand, fault = answer.stand, answer.fault
    failures = stand.state.failures + 1 if stand.state else 1
    AnchorState.objects.update_or_create(
        name=stand.options.name,
        defaults={
            "asked_at": at,
            "failures": failures,
            "fault": fault.code if fault else "",
            "detail": str(fault),
        },
    )
    # Late is an alarm; before that a failure is somebody else's bad hour.
    level = logging.CRITICAL if stand.is_late(at) else logging.WARNING
    logger.log(level, "No stamp of %s: %s", stand.options.name, fault)
