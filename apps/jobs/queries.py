"""Reads of job and outbox rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.edge.health import Line
from apps.jobs.models import Job, JobState, Outbox

_TOO_OLD = timedelta(minutes=5)
_FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as pages and the API show it."""

    job_id: UUID
    kind: str
    subject: str
    state: str
    done_count: int
    total_count: int
    message: str
    created_at: datetime
    finished_at: datetime | None
    result: dict[str, Any]

    @property
    def is_final(self) -> bool:
        """True if nothing will change any more: stop polling."""
        return self.state in _FINAL

    @property
    def percent(self) -> int | None:
        """0 to 100, or None while the total is unknown."""
        if not self.total_count:
            return None
        return min(100, self.done_count * 100 // self.total_count)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, how long the oldest has waited, and what was given up."""

    waiting: int
    oldest_age: timedelta
    parked: int


def find_job(job_id: UUID) -> JobView | None:
    """The job, or None; who may see it is for the app that opened it to say."""
    job = Job.objects.filter(pk=job_id).first()
    return _view(job) if job else None


def find_newest_job(*, kind: str, subject: str) -> JobView | None:
    """The last job that was opened for `subject`, or None."""
    jobs = Job.objects.filter(kind=kind, subject=subject).order_by("-created_at")
    job = jobs.first()
    return _view(job) if job else None


def backlog(*, at: datetime) -> Backlog:
    """The state of the outbox, for /health and for the operator."""
    open_rows = Outbox.objects.filter(done_at=None, parked_at=None, next_at__lte=at)
    oldest = open_rows.order_by("next_at").values_list("next_at", flat=True).first()
    return Backlog(
        waiting=open_rows.count(),
        oldest_age=at - oldest if oldest else timedelta(0),
        parked=Outbox.objects.exclude(parked_at=None).count(),
    )


def outbox_line(at: datetime) -> Line:
    """The line on /health: unwell if work was given up or has waited five minutes."""
    now = backlog(at=at)
    seconds = int(now.oldest_age.total_seconds())
    return Line(
        is_well=not now.parked and now.oldest_age < _TOO_OLD,
        detail=f"{now.waiting} waiting, oldest {seconds} s, {now.parked} parked",
    )


def _view(job: Job) -> JobView:
    return JobView(
        job_id=job.pk,
        kind=job.kind,
        subject=job.subject,
        state=job.state,
        done_count=job.done_count,
        total_count=job.total_count,
        message=job.message,
        created_at=job.created_at,
        finished_at=job.finished_at,
        result=job.result,
    )
