"""Jobs of the bulk door."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.intake import operations
from apps.jobs.tasks import run_once


# A check may outlast the lease of its outbox row: the lease that counts is that of its
# job, which every progress prolongs. A second start finds it held and leaves.
@shared_task(name="intake.check_upload", time_limit=580)
@run_once
def check_upload(*, upload_id: str) -> dict[str, int]:
    """Check one uploaded file and stage its serials, or list its errors by line."""
    return operations.check_upload(upload_id=UUID(upload_id), clock=timezone.now)


@shared_task(name="intake.sweep", time_limit=60)
def sweep() -> dict[str, int]:
    """Bring uploads up to date; remove files that nobody needs any more."""
    return operations.sweep(at=timezone.now())
