"""Jobs of recalls: tell the holders, and tell those that were missed."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.jobs.tasks import run_once
from apps.recalls import operations


@shared_task(name="recalls.flag_affected", time_limit=100)
@run_once
def flag_affected(*, recall_id: str) -> dict[str, int]:
    """Write the notices of a recall; notices already there stay as they are."""
    told = operations.flag_affected(recall_id=recall_id, at=timezone.now())
    return {"notices": told}


@shared_task(name="recalls.sweep", time_limit=300)
def sweep() -> dict[str, int]:
    """Flag recalls that no job flagged, and new holders of goods that moved."""
    return operations.sweep_notices(at=timezone.now())


# The lease that counts is that of its job, which every progress prolongs: a second
# start finds it held and leaves.
@shared_task(name="recalls.build_bundle", time_limit=590)
@run_once
def build_bundle(*, bundle_id: str) -> dict[str, int]:
    """Build a bundle member by member; what was finished before a crash stays."""
    return operations.build_bundle(bundle_id=UUID(bundle_id), clock=timezone.now)


@shared_task(name="recalls.sweep_bundles", time_limit=60)
def sweep_bundles() -> dict[str, int]:
    """Take bundles away that are a day old."""
    return operations.sweep_bundles(at=timezone.now())
