"""The nightly checks: of every stored byte, and of every pack."""

import logging
from datetime import timedelta
from hashlib import sha256
from time import monotonic
from typing import Final

from celery import shared_task
from django.utils import timezone

from apps.alerts import operations as alerts
from apps.custody import operations as custody
from apps.custody import queries as custody_queries
from apps.jobs.tasks import leased
from pharmatrace import fsck

logger = logging.getLogger(__name__)

_LEASE: Final = timedelta(minutes=30)
_LONGEST_S: Final = 20 * 60  # of one run; the next one goes on where it ended


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


@shared_task(
    name="custody.check_conservation",
    acks_late=True,
    reject_on_worker_lost=True,
    time_limit=25 * 60,
)
@leased(_LEASE)
def check_conservation() -> dict[str, int]:
    """No pack is lost, none is in two places; what is wrong becomes an alert."""
    began, at = monotonic(), timezone.now()
    found = custody.check_conservation(
        at=at, is_enough=lambda: monotonic() - began > _LONGEST_S
    )
    for each in found.broken:
        gtin, lot, maker = custody_queries.lot_of(each.batch_id)
        summary = f"Lot {lot} of {gtin} does not add up: {'; '.join(each.faults[:3])}"
        logger.critical("conservation: %s", summary)
        alerts.raise_alert(
            kind="not_conserved",
            rule="",
            partner_gln=maker,
            gtin=gtin,
            lot=lot,
            summary=summary,
            cause=sha256(f"not_conserved {gtin} {lot}".encode()).hexdigest(),
            at=at,
        )
    return {"batches": found.batches, "broken": len(found.broken)}
