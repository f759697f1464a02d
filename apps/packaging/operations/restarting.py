"""Whether work that a job was ordered for still has somebody to do it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from apps.jobs import queries as jobs

_LOST_AFTER: Final = timedelta(minutes=2)  # queued that long, its message was lost


def is_dead(job_id: UUID | None) -> bool:
    """Whether the job has ended: nobody will do the work."""
    job = jobs.find_job(job_id) if job_id else None
    return job is None or job.is_final


def is_lost(job_id: UUID | None, *, at: datetime) -> bool:
    """Whether the job waits although its message must have come long ago."""
    job = jobs.find_job(job_id) if job_id else None
    if job is None or job.state != "queued":
        return False
    return job.created_at <= at - _LOST_AFTER
