"""The relay, the sweep, and how every task of the site is run exactly in effect once.

A task that doors start is declared as

    @shared_task(name="recalls.flag_affected", time_limit=100)
    @run_once
    def flag_affected(*, recall_id: int) -> dict[str, int]: ...

and started by `jobs.operations.enqueue(task="recalls.flag_affected", kwargs=…, at=…)`.
`run_once` takes the lease of the outbox row, so repeated, late and concurrent messages
run the body once at a time and never again after it succeeded. The body itself must
still give the same rows when a crash makes it start over. What may take longer than
100 seconds is decorated `@leased(timedelta(minutes=…))` instead.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import current_app, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from apps.jobs import operations

logger = logging.getLogger(__name__)

_Body = Callable[..., dict[str, int]]


def leased(lease: timedelta) -> Callable[[_Body], _Body]:
    """Run the body under a lease of its outbox row; put the row back if it raises.

    The lease is how long a dead worker holds up its task, and must be above the
    task's time limit.
    """

    def decorate(body: _Body) -> _Body:
        @functools.wraps(body)
        def task(*, outbox_id: int | None = None, **kwargs: Any) -> dict[str, int]:
            if outbox_id is None:  # a beat tick: periodic bodies are idempotent
                return body(**kwargs)
            return _run(body, kwargs, outbox_id=outbox_id, lease=lease)

        return task

    return decorate


run_once = leased(operations.LEASE)


def _run(
    body: _Body, kwargs: dict[str, Any], *, outbox_id: int, lease: timedelta
) -> dict[str, int]:
    fence = operations.start(outbox_id=outbox_id, lease=lease, at=timezone.now())
    if fence is None:
        return {"skipped": 1}
    try:
        counts = body(**kwargs)
    except Exception as error:  # noqa: BLE001  # a task is a door: all is noted
        return _put_back(outbox_id, fence, error)
    operations.complete(outbox_id=outbox_id, fence=fence, at=timezone.now())
    return counts


def _put_back(outbox_id: int, fence: int, error: Exception) -> dict[str, int]:
    is_parked = operations.put_back(
        outbox_id=outbox_id,
        fence=fence,
        message=f"{type(error).__name__}: {error}",
        at=timezone.now(),
    )
    level = logging.ERROR if is_parked else logging.WARNING
    logger.log(level, "Outbox %s, start %s failed", outbox_id, fence, exc_info=error)
    return {"parked" if is_parked else "put_back": 1}


@shared_task(name="jobs.relay", time_limit=60)
def relay() -> dict[str, int]:
    """Publish what waits in the outbox; with the broker down the rows simply stay."""
    return {"published": publish_now()}


def publish_now() -> int:
    """One run of the relay; returns 0 if the broker does not answer."""
    try:
        return operations.publish_waiting(publish=_publish, at=timezone.now())
    except (BrokerError, OSError) as error:
        logger.warning("The broker does not answer; the outbox waits: %s", error)
        return 0


def _publish(task: str, kwargs: dict[str, Any]) -> None:
    current_app.send_task(task, kwargs=kwargs, retry=False)


@shared_task(name="jobs.sweep", time_limit=60)
def sweep() -> dict[str, int]:
    """Re-drive what lost messages and dead workers left behind."""
    at = timezone.now()
    return {
        **operations.redrive_lost(at=at),
        "released": operations.release_lost_jobs(at=at),
    }
