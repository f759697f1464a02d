"""The beat's part of the sequencer, and of the anchors."""

from __future__ import annotations

import logging
from typing import Final

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from apps.anchoring import operations
from apps.core.errors import IntegrityBreach, LedgerConflict, Unavailable

logger = logging.getLogger(__name__)

# Runs of one tick: a long backlog is worked off without waiting for the next one.
_MOST_RUNS: Final = 20


@shared_task(
    name="anchoring.sequence",
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    max_retries=3,
    time_limit=300,
)
def sequence() -> dict[str, int]:
    """Log what waits; losing, repeating or doubling a tick changes nothing."""
    added = 0
    for _ in range(_MOST_RUNS):
        try:
            result = operations.sequence(at=timezone.now())
        except (LedgerConflict, Unavailable) as error:
            # Quarantine and lost races show on /health; the next tick looks again.
            logger.warning("The sequencer did not run: %s", error)
            return {"added": added, "stopped": 1}
        if result is None:
            break
        added += result.added
        if result.added < operations.LIMIT_LEAVES:
            break
    return {"added": added}


@shared_task(
    name="anchoring.anchor",
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(OperationalError,),
    retry_backoff=True,
    max_retries=3,
    time_limit=180,
)
def anchor() -> dict[str, int]:
    """Have the published head stamped where it is time, and look after promises.

    Rows say when each service is due, so losing or doubling a tick changes nothing.
    """
    try:
        result = operations.anchor_due(at=timezone.now())
    except (IntegrityBreach, Unavailable) as error:
        logger.warning("Nothing was stamped: %s", error)
        return {"stamped": 0, "stopped": 1}
    return {
        "stamped": len(result.stamped),
        "promised": len(result.promised),
        "failed": len(result.failed),
    }
