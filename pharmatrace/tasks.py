"""The nightly check of every stored byte."""

import logging

from celery import shared_task
from django.utils import timezone

from pharmatrace import fsck

logger = logging.getLogger(__name__)


@shared_task(
    name="ledger.fsck_nightly",
    acks_late=True,
    reject_on_worker_lost=True,
    time_limit=550,
)
def fsck_nightly() -> dict[str, int]:
    """Derive everything again; differences go to the operator's log, none is mended."""
    report = fsck.run(at=timezone.now())
    for finding in report.findings:
        logger.critical("fsck: %s", finding.sentence())
    return {"differences": report.total}
