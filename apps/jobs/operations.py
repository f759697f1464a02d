"""The only writer of job and outbox rows.

Every change of a row is one UPDATE that names the state it expects, so a worker that
lost its lease, or a message delivered twice, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q

from apps.core.errors import LedgerConflict
from apps.jobs.models import Job, JobState, Outbox

MAX_ATTEMPTS = 5
LEASE = timedelta(seconds=120)  # how long a dead worker holds up its work
REDRIVE_AFTER = timedelta(seconds=60)  # a message not started by then is lost
_RELAY_ROWS = 200
_MESSAGE_CHARACTERS = 500
_KEEP_DONE = timedelta(days=7)
_OPEN = Q(done_at=None, parked_at=None)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write one job until the lease ends or somebody claims it anew."""

    job_id: UUID
    fence: int


# --- Outbox: what must be started -------------------------------------------------


def enqueue(*, task: str, kwargs: Mapping[str, Any], at: datetime) -> int:
    """Write down that `task` must run with `kwargs` (JSON values), from `at` on.

    Commits or vanishes with the caller's transaction; the broker is not touched.

    Raises:
        RuntimeError: no transaction is open, so the row could outlive its cause.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue belongs into the transaction that causes the task")
    row = Outbox.objects.create(
        task=task, kwargs=dict(kwargs), created_at=at, next_at=at
    )
    return row.pk


def publish_waiting(
    *, publish: Callable[[str, dict[str, Any]], None], at: datetime
) -> int:
    """Hand every waiting row to `publish`, oldest first; return how many went out.

    What `publish` raises ends the run; rows published so far stay published, the
    rest waits. A crash between publishing and noting it repeats a message, which
    `start` makes harmless.
    """
    waiting = Outbox.objects.filter(_OPEN, published_at=None, next_at__lte=at)
    count = 0
    for row in waiting.order_by("pk")[:_RELAY_ROWS]:
        publish(row.task, {**row.kwargs, "outbox_id": row.pk})
        Outbox.objects.filter(_OPEN, pk=row.pk, published_at=None).update(
            published_at=at
        )
        count += 1
    return count


def start(*, outbox_id: int, lease: timedelta, at: datetime) -> int | None:
    """Take the lease of an outbox row; return its fence, or None if not to be run.

    None means done, parked, or running elsewhere.
    """
    with transaction.atomic():
        taken = (
            Outbox.objects.filter(_OPEN, pk=outbox_id)
            .filter(Q(lease_until=None) | Q(lease_until__lte=at))
            .update(attempts=F("attempts") + 1, lease_until=at + lease)
        )
        if not taken:
            return None
        return Outbox.objects.values_list("attempts", flat=True).get(pk=outbox_id)


def complete(*, outbox_id: int, fence: int, at: datetime) -> bool:
    """Note that the task ran; False if another run has taken over since."""
    changed = Outbox.objects.filter(_OPEN, pk=outbox_id, attempts=fence).update(
        done_at=at, lease_until=None, message=""
    )
    return bool(changed)


def put_back(*, outbox_id: int, fence: int, message: str, at: datetime) -> bool:
    """Let a failed task run again later; park it after five starts. True if parked."""
    mine = Outbox.objects.filter(_OPEN, pk=outbox_id, attempts=fence)
    note = {"lease_until": None, "message": message[:_MESSAGE_CHARACTERS]}
    if fence >= MAX_ATTEMPTS:
        return bool(mine.update(parked_at=at, **note))
    mine.update(published_at=None, next_at=at + _pause(fence), **note)
    return False


def unpark(*, outbox_id: int, at: datetime) -> bool:
    """An operator mended the cause: count anew and run; False if it was not parked."""
    changed = Outbox.objects.filter(pk=outbox_id, done_at=None).exclude(parked_at=None)
    return bool(
        changed.update(parked_at=None, attempts=0, published_at=None, next_at=at)
    )


def redrive_lost(*, at: datetime) -> dict[str, int]:
    """Make what a lost message or a dead worker left behind run again.

    Rows that were published a minute ago and are held by nobody wait again; those
    whose workers died five times are parked. Old done rows are deleted.
    """
    lost = Outbox.objects.filter(_OPEN, published_at__lte=at - REDRIVE_AFTER).filter(
        Q(lease_until=None) | Q(lease_until__lte=at)
    )
    parked = lost.filter(attempts__gte=MAX_ATTEMPTS).update(
        parked_at=at, lease_until=None, message="the worker ended five times"
    )
    redriven = lost.filter(attempts__lt=MAX_ATTEMPTS).update(
        published_at=None, next_at=at, lease_until=None
    )
    Outbox.objects.filter(done_at__lte=at - _KEEP_DONE).delete()
    return {"redriven": redriven, "parked": parked}


def _pause(attempts: int) -> timedelta:
    """10, 20, 40, 80 seconds after the first, second … start."""
    return timedelta(seconds=10 * 2 ** (attempts - 1))


# --- Jobs: what somebody watches --------------------------------------------------


def open_job(*, kind: str, subject: str, total: int, at: datetime) -> UUID:
    """Write a queued job; `total` is 0 while unknown."""
    job = Job.objects.create(
        kind=kind, subject=subject, total_count=total, created_at=at
    )
    return job.pk


def claim(*, job_id: UUID, at: datetime) -> Claim | None:
    """Take the job's lease; None if it is final or another worker holds it."""
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lte=at)
    with transaction.atomic():
        taken = Job.objects.filter(free, pk=job_id).update(
            state=JobState.RUNNING,
            attempts=F("attempts") + 1,
            lease_until=at + LEASE,
            started_at=at,
            message="",
        )
        if not taken:
            return None
        fence = Job.objects.values_list("attempts", flat=True).get(pk=job_id)
    return Claim(job_id=job_id, fence=fence)


def progress(
    *, claim: Claim, done: int, total: int, message: str, at: datetime
) -> None:
    """Show how far the work is and keep the lease.

    Raises:
        LedgerConflict: `lease_lost`; the job was cancelled or is another's: stop.
    """
    _change(
        claim,
        done_count=done,
        total_count=total,
        message=message[:_MESSAGE_CHARACTERS],
        lease_until=at + LEASE,
    )


def finish(*, claim: Claim, result: Mapping[str, Any], at: datetime) -> None:
    """Close the job as done with its small JSON `result`.

    Raises:
        LedgerConflict: `lease_lost`.
    """
    _change(
        claim,
        state=JobState.DONE,
        result=dict(result),
        finished_at=at,
        lease_until=None,
    )


def fail(*, claim: Claim, message: str, at: datetime) -> None:
    """Put the job back to queued; after five attempts it is failed for good.

    Raises:
        LedgerConflict: `lease_lost`.
    """
    is_last = claim.fence >= MAX_ATTEMPTS
    _change(
        claim,
        state=JobState.FAILED if is_last else JobState.QUEUED,
        finished_at=at if is_last else None,
        lease_until=None,
        message=message[:_MESSAGE_CHARACTERS],
    )


def cancel(*, job_id: UUID, at: datetime) -> bool:
    """Stop a job that is not final; its worker learns it at its next `progress`."""
    changed = Job.objects.filter(
        pk=job_id, state__in=[JobState.QUEUED, JobState.RUNNING]
    ).update(state=JobState.CANCELLED, finished_at=at, lease_until=None)
    return bool(changed)


def release_lost_jobs(*, at: datetime) -> int:
    """Queue the jobs of dead workers again; those that died five times are failed."""
    lost = Job.objects.filter(state=JobState.RUNNING, lease_until__lte=at)
    lost.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=JobState.FAILED, finished_at=at, lease_until=None
    )
    return lost.filter(attempts__lt=MAX_ATTEMPTS).update(
        state=JobState.QUEUED, lease_until=None
    )


def _change(claim: Claim, **values: Any) -> None:
    changed = Job.objects.filter(
        pk=claim.job_id, state=JobState.RUNNING, attempts=claim.fence
    ).update(**values)
    if not changed:
        raise LedgerConflict(
            "lease_lost", field="job", wanted="the newest claim of a running job"
        )
