"""Label runs: ordered, made by a job, taken away when they expire.

Serials of a pool leave its reserve when their labels are ordered, in the same
transaction: a label may exist from then on. A run that failed or expired is made again
of the same serials; nothing is printed twice under two runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from pyroaring import BitMap

from apps.catalog.models import Batch
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.jobs import operations as jobs
from apps.jobs.operations import Claim
from apps.packaging.formats.label_sheets import pdf_labels
from apps.packaging.formats.labels import Numbered, csv_labels, zpl_labels
from apps.packaging.models import LabelRun, RunKind, RunState
from apps.packaging.operations.files import keep_file
from apps.packaging.operations.restarting import is_dead, is_lost
from apps.packaging.queries.files import run_path
from apps.packaging.queries.runs import iter_labels
from apps.partners.queries import Actor
from apps.pools import operations as pools
from apps.pools.formats import to_bytes
from apps.pools.models import Pool
from apps.pools.operations import Change

Clock = Callable[[], datetime]
JOB_KIND: Final = "packaging.labels"
TASK: Final = "packaging.make_labels"
KEPT_FOR: Final = timedelta(days=7)
_STEP: Final = 2_000  # labels between two looks at the lease
_MAX_OPEN: Final = 20


def order_pool_run(
    *, pool: Pool, units: BitMap, kind: RunKind, actor: Actor, at: datetime
) -> LabelRun:
    """Order labels of reserved serials; they are printed from now on.

    Raises:
        LedgerConflict: `lot_missing`: labels bear one; `pool_not_open`,
            `serial_moved`, `too_many_runs`.
        MalformedInput: `nothing_named`, `out_of_range`.
    """
    if not pool.lot or pool.expiry_date is None:
        raise LedgerConflict(
            "lot_missing", field="lot", got="none", wanted="name the pool's lot first"
        )
    with transaction.atomic():
        run = _write(
            actor,
            at,
            pool=pool,
            kind=kind,
            gtin=pool.product.gtin,
            lot=pool.lot,
            expiry_date=pool.expiry_date,
            units=units,
        )
        change = Change(actor.user, at, reason=f"label run {run.pk}")
        pools.print_serials(pool_id=pool.pk, units=units, change=change)
    return run


def order_batch_run(
    *, batch: Batch, units: BitMap, kind: RunKind, actor: Actor, at: datetime
) -> LabelRun:
    """Order labels of packs of a commissioned batch, by ordinal from 0.

    Raises:
        MalformedInput: `nothing_named`, `out_of_range`.
        LedgerConflict: `too_many_runs`.
    """
    if not units or units.max() >= batch.size:
        raise MalformedInput(
            "out_of_range" if units else "nothing_named",
            field="numbers",
            got=units.max() + 1 if units else "nothing",
            wanted=f"1 to {batch.size}",
        )
    with transaction.atomic():
        return _write(
            actor,
            at,
            batch=batch,
            kind=kind,
            gtin=batch.product.gtin,
            lot=batch.lot,
            expiry_date=batch.expiry_date,
            units=units,
        )


def make_again(*, run_id: UUID, at: datetime) -> LabelRun:
    """Make the file of a run that failed or expired once more.

    Raises:
        LedgerConflict: `run_open`: it is there, or on its way.
    """
    with transaction.atomic():
        changed = LabelRun.objects.filter(
            pk=run_id, state__in=(RunState.FAILED, RunState.EXPIRED)
        ).update(state=RunState.QUEUED, expires_at=None)
        run = LabelRun.objects.get(pk=run_id)
        if not changed:
            raise LedgerConflict(
                "run_open", field="state", got=run.state, wanted="failed or expired"
            )
        _order(run, at)
    return run


def make_labels(*, run_id: UUID, clock: Clock) -> dict[str, int]:
    """Write the file of a run; one that is made, and a lease held, are no errors."""
    run = LabelRun.objects.filter(
        pk=run_id, state__in=(RunState.QUEUED, RunState.MAKING)
    ).first()
    if run is None or run.job_id is None:
        return {"skipped": 1}
    claim = jobs.claim(job_id=run.job_id, at=clock())
    if claim is None:
        return {"skipped": 1}
    LabelRun.objects.filter(pk=run.pk).update(state=RunState.MAKING)
    try:
        labels = _watched(run, claim, clock)
        kept = keep_file(run_path(run), _drawn(run, labels))
        with transaction.atomic():
            at = clock()
            jobs.finish(claim=claim, result={"labels": run.count}, at=at)
            LabelRun.objects.filter(pk=run.pk).update(
                state=RunState.READY,
                size_bytes=kept.size_bytes,
                digest=kept.digest,
                expires_at=at + KEPT_FOR,
            )
    except LedgerConflict as conflict:
        if conflict.code != "lease_lost":
            raise
        return {"stopped": 1}
    return {"labels": run.count}


def sweep_runs(*, at: datetime) -> dict[str, int]:
    """Take expired files away; start lost runs again; give dead ones up."""
    expired = failed = restarted = 0
    ready = LabelRun.objects.filter(state=RunState.READY, expires_at__lte=at)
    for run in ready:
        expired += ready.filter(pk=run.pk).update(state=RunState.EXPIRED)
        run_path(run).unlink(missing_ok=True)
    going = LabelRun.objects.filter(state__in=(RunState.QUEUED, RunState.MAKING))
    for run in going:
        if is_dead(run.job_id):
            failed += going.filter(pk=run.pk).update(state=RunState.FAILED)
        elif is_lost(run.job_id, at=at):
            with transaction.atomic():
                _enqueue(run, at)
            restarted += 1
    return {"runs_expired": expired, "runs_failed": failed, "runs_again": restarted}


def _write(
    actor: Actor, at: datetime, *, units: BitMap, expiry_date: date, **values: Any
) -> LabelRun:
    if actor.partner is None or actor.user is None:
        raise UntrustedSignature(
            "no_organisation", field="by", wanted="a person of a partner"
        )
    going = LabelRun.objects.filter(
        partner=actor.partner, state__in=(RunState.QUEUED, RunState.MAKING)
    )
    if going.count() >= _MAX_OPEN:
        raise LedgerConflict(
            "too_many_runs",
            field="pool",
            got=f"{_MAX_OPEN} that are being made",
            wanted="wait for one of them",
        )
    run = LabelRun.objects.create(
        id=uuid4(),
        partner=actor.partner,
        user=actor.user,
        count=len(units),
        units=to_bytes(units),
        expiry_date=expiry_date,
        created_at=at,
        **values,
    )
    _order(run, at)
    return run


def _order(run: LabelRun, at: datetime) -> None:
    run.job_id = jobs.open_job(
        kind=JOB_KIND, subject=str(run.pk), total=run.count, at=at
    )
    run.save(update_fields=["job_id"])
    _enqueue(run, at)


def _enqueue(run: LabelRun, at: datetime) -> None:
    jobs.enqueue(task=TASK, kwargs={"run_id": str(run.pk)}, at=at)


def _watched(run: LabelRun, claim: Claim, clock: Clock) -> Iterator[Numbered]:
    """The labels of a run; every 2,000 the lease is kept and shown how far it is."""
    labels, done = iter_labels(run), 0
    while part := list(islice(labels, _STEP)):
        yield from part
        done += len(part)
        jobs.progress(claim=claim, done=done, total=run.count, message="", at=clock())


def _drawn(run: LabelRun, labels: Iterable[Numbered]) -> Iterator[bytes]:
    if run.kind == RunKind.CSV:
        return csv_labels(labels)
    if run.kind == RunKind.ZPL:
        return zpl_labels(labels)
    return pdf_labels(labels, count=run.count)


def note_fetched(*, run: LabelRun, actor: Actor, at: datetime) -> None:
    """Note who took the file: whoever has it can print the serials."""
    name = str(actor.user.get_full_name() or actor.user) if actor.user else ""
    LabelRun.objects.filter(pk=run.pk).update(fetched_at=at, fetched_by=name[:150])
