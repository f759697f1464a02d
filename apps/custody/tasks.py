"""Jobs of custody: write down a closing of the books."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.custody import operations
from apps.jobs.tasks import leased

_LONGEST: Final = timedelta(minutes=30)


@shared_task(name="custody.prepare_closing", time_limit=25 * 60)
@leased(_LONGEST)
def prepare_closing(*, job_id: str, legal_basis: str) -> dict[str, int]:
    """Write down what the operator asked for; a job that ended stays as it is."""
    leaves = operations.run_closing(
        job_id=UUID(job_id), legal_basis=legal_basis, at=timezone.now()
    )
    return {"leaves": leaves}
