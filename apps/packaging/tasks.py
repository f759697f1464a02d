"""Jobs of the packaging line."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.jobs.tasks import leased, run_once
from apps.packaging.operations import (
    aggregating,
    aggregations,
    files,
    generating,
    runs,
)

_LONGEST: Final = timedelta(minutes=30)


# As with the check of an upload, the lease that counts is that of the job.
@shared_task(name="packaging.generate_pool", time_limit=580)
@run_once
def generate_pool(*, pool_id: str) -> dict[str, int]:
    """Make the serials of one pool."""
    return generating.generate_pool(pool_id=UUID(pool_id), clock=timezone.now)


@shared_task(name="packaging.check_aggregation", time_limit=580)
@run_once
def check_aggregation(*, aggregation_id: str) -> dict[str, int]:
    """Check one file of packing and keep its events, or list its errors by line."""
    return aggregating.check_aggregation(
        aggregation_id=UUID(aggregation_id), clock=timezone.now
    )


# A million sheets of paper take some minutes to draw.
@shared_task(name="packaging.make_labels", time_limit=25 * 60)
@leased(_LONGEST)
def make_labels(*, run_id: str) -> dict[str, int]:
    """Write the file of one label run."""
    return runs.make_labels(run_id=UUID(run_id), clock=timezone.now)


@shared_task(name="packaging.sweep", time_limit=60)
def sweep() -> dict[str, int]:
    """Give up what nobody will finish; take away what has expired."""
    at = timezone.now()
    return {
        **generating.sweep_pools(at=at),
        **aggregations.sweep_aggregations(at=at),
        **runs.sweep_runs(at=at),
        "files": files.remove_strays(at=at),
    }
