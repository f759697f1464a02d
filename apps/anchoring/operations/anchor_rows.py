"""What a service answered, as rows: a token, a promise, or why there is neither."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from apps.anchoring.clients.anchors import Promise, Stamp, Withdrawn
from apps.anchoring.models import (
    AnchorPending,
    AnchorPromise,
    AnchorState,
    AnchorToken,
)
from apps.anchoring.queries import AnchorStand
from apps.core.errors import LedgerConflict, TraceError
from apps.core.leaf import anchor_commitment

logger = logging.getLogger(__name__)

_MOST_TAKEN: Final = 100
_MOST_NOTE: Final = 120  # characters

Said: TypeAlias = Stamp | Promise | Withdrawn | TraceError


@dataclass(frozen=True, slots=True)
class Head:
    """The head that is stamped, and its exact text."""

    size: int
    root_hash: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said of a head; `stand` is how it stood when it was asked."""

    stand: AnchorStand
    head: Head
    said: Said


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


def record(answer: Answer, *, at: datetime) -> None:
    """Keep an answer; where another worker has kept one already, that one stays."""
    name = answer.stand.options.name
    try:
        with transaction.atomic():
            _record(answer, at)
    except (IntegrityError, _OvertakenError):
        # Another worker asked at the same time, and was faster.
        logger.info("%s has answered for %s already", name, answer.head.size)


class _OvertakenError(Exception):
    """The promise is not the one that was looked after any more."""


def _record(answer: Answer, at: datetime) -> None:
    said = answer.said
    if isinstance(said, Stamp):
        _drop_promise(answer)
        _keep_token(answer, said, at)
        _record_success(answer, at, {"stamped_at": at})
    elif isinstance(said, Promise):
        _keep_promise(answer, said, at)
        _record_success(answer, at, {})
    elif isinstance(said, Withdrawn):
        _drop_promise(answer)
        _record_fault(answer, said.fault, at)
    else:
        _record_fault(answer, said, at)


def _keep_token(answer: Answer, stamp: Stamp, at: datetime) -> None:
    """The token and its place in the queue: both, or neither."""
    options, head = answer.stand.options, answer.head
    token = AnchorToken.objects.create(
        name=options.name,
        kind=options.kind,
        tree_size=head.size,
        root_hash=head.root_hash,
        token=stamp.token,
        commitment=anchor_commitment(
            tree_size=head.size, root=head.root_hash, token=stamp.token
        ),
        stamped_at=stamp.stamped_at,
        facts=dict(stamp.facts),
        received_at=at,
    )
    AnchorPending.objects.create(token=token)


def _keep_promise(answer: Answer, promise: Promise, at: datetime) -> None:
    options, old = answer.stand.options, answer.stand.promise
    note = promise.note[:_MOST_NOTE]
    if old is None:
        # What a service of another kind promised under this name is nobody's now.
        AnchorPromise.objects.filter(name=options.name).exclude(
            kind=options.kind
        ).delete()
        AnchorPromise.objects.create(
            name=options.name,
            kind=options.kind,
            tree_size=answer.head.size,
            root_hash=answer.head.root_hash,
            state=promise.state,
            note=note,
            begun_at=at,
            look_at=promise.look_at,
        )
        return
    moved = _still(old).update(
        state=promise.state,
        note=note,
        look_at=promise.look_at,
        version=old.version + 1,
    )
    if moved != 1:
        raise _OvertakenError


def _drop_promise(answer: Answer) -> None:
    old = answer.stand.promise
    if old is None:
        return
    gone, _ = _still(old).delete()
    if gone != 1:
        raise _OvertakenError


def _still(old: AnchorPromise) -> QuerySet[AnchorPromise]:
    """The row, if nobody has changed it or made another one since it was read."""
    return AnchorPromise.objects.filter(
        name=old.name, begun_at=old.begun_at, version=old.version
    )


def _record_success(answer: Answer, at: datetime, more: dict[str, datetime]) -> None:
    AnchorState.objects.update_or_create(
        name=answer.stand.options.name,
        defaults={"asked_at": at, "failures": 0, "fault": "", "detail": "", **more},
    )


def _record_fault(answer: Answer, fault: TraceError, at: datetime) -> None:
    stand = answer.stand
    AnchorState.objects.update_or_create(
        name=stand.options.name,
        defaults={
            "asked_at": at,
            "failures": stand.state.failures + 1 if stand.state else 1,
            "fault": fault.code,
            "detail": str(fault),
        },
    )
    # Late is an alarm; before that a failure is somebody else's bad hour.
    level = logging.CRITICAL if stand.is_late(at) else logging.WARNING
    logger.log(level, "No stamp of %s: %s", stand.options.name, fault)
