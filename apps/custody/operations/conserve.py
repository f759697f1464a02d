"""The nightly check of conservation: batch after batch, from where it was cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.catalog import operations as catalog
from apps.custody.models import ConservationRun, Imbalance
from apps.custody.queries.conservation import Checked, check_batch, iter_checked

_RUN: Final = 1
_MOST_FAULTS: Final = 20  # kept of one batch


@dataclass(frozen=True, slots=True)
class Conserved:
    """What one run looked at, and the batches in which it found something."""

    batches: int
    holdings: int
    broken: tuple[Checked, ...]
    is_finished: bool


def check_conservation(*, at: datetime, is_enough: Callable[[], bool]) -> Conserved:
    """Check the batches from where the last run stopped; nothing is mended.

    Each batch is a transaction of its own, so a run that dies loses one of them.

    Args:
        is_enough: asked after every batch; True ends the run, the next goes on there.
    """
    run, _ = ConservationRun.objects.get_or_create(id=_RUN)
    batches = holdings = 0
    broken: list[Checked] = []
    for found in iter_checked(after=run.last_batch):
        checked = _note(found, at=at)
        batches, holdings = batches + 1, holdings + checked.holdings
        if checked.faults:
            broken.append(checked)
        if is_enough():
            return Conserved(batches, holdings, tuple(broken), is_finished=False)
    run.refresh_from_db()
    run.last_batch, run.finished_at = 0, at
    run.save(update_fields=["last_batch", "finished_at"])
    return Conserved(batches, holdings, tuple(broken), is_finished=True)


@transaction.atomic
def _note(checked: Checked, *, at: datetime) -> Checked:
    if checked.faults:
        # What moves between two questions looks lost: now nothing of the lot can.
        size = catalog.lock_batch(checked.batch_id)
        checked = check_batch(batch_id=checked.batch_id, size=size)
    run = ConservationRun.objects.select_for_update().get(id=_RUN)
    is_first = run.last_batch == 0
    run.batches = 1 if is_first else run.batches + 1
    run.holdings = checked.holdings if is_first else run.holdings + checked.holdings
    run.last_batch = checked.batch_id
    run.save()
    rows = Imbalance.objects.filter(batch_id=checked.batch_id)
    if not checked.faults:
        rows.delete()
        return checked
    faults = list(checked.faults[:_MOST_FAULTS])
    if not rows.update(faults=faults, seen_at=at):
        Imbalance.objects.create(
            batch_id=checked.batch_id, faults=faults, since_at=at, seen_at=at
        )
    return checked
