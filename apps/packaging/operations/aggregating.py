"""The check of one file of packing, as a job: leased, repeatable, all or nothing.

1. Take the lease of the job; a second worker leaves.
2. Read the file: every line, every box within boxes.
3. Ask the registry for every pack: known, of the lot, here, and in no container.
4. Ask the law of every event, and keep the events that are to be signed.
5. In one transaction write counts and subjects, or the errors.
A run that lost its lease fails at its next progress and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.catalog.queries import get_product
from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.events import MAX_LINE_BYTES
from apps.custody.queries.hierarchy import (
    Filled,
    Ground,
    packing_lines,
)
from apps.intake.formats.rows import LineError, clip
from apps.jobs import operations as jobs
from apps.ledger.formats import as_ms
from apps.packaging.formats.hierarchy_files import read_hierarchy
from apps.packaging.models import (
    UNCHECKED_STATES,
    Aggregation,
    AggregationError,
    AggregationState,
)
from apps.packaging.operations.files import keep_file, remove_files
from apps.packaging.operations.packing_check import (
    Clock,
    Run,
    fill,
    verify_boxes,
    verify_size,
)
from apps.packaging.queries.aggregations import kept_subject
from apps.packaging.queries.files import events_path, sent_path

_WRITE_BYTES: Final = 1 << 20


def check_aggregation(*, aggregation_id: UUID, clock: Clock) -> dict[str, int]:
    """Check a file of packing; a closed one and a lease held elsewhere are no errors."""
    row = Aggregation.objects.filter(
        pk=aggregation_id, state__in=UNCHECKED_STATES
    ).first()
    if row is None or row.job_id is None:
        return {"skipped": 1}
    claim = jobs.claim(job_id=row.job_id, at=clock())
    if claim is None:
        return {"skipped": 1}
    at = clock()
    Aggregation.objects.filter(pk=row.pk, state__in=UNCHECKED_STATES).update(
        state=AggregationState.CHECKING, started_at=at, rows_done=0, error_count=0
    )
    run = Run(row, claim, clock, at, shown_at=at)
    try:
        _check(run)
        _finish(run)
    except LedgerConflict as conflict:
        if conflict.code != "lease_lost":
            raise
        return {"stopped": 1}
    return {"packs": run.tree.packs, "errors": run.error_count}


def _check(run: Run) -> None:
    """What speaks of the whole file is an error of line 0."""
    row = run.row
    try:
        run.product_id = get_product(row.gtin).pk
        for error in read_hierarchy(
            sent_path(row.pk),
            gtin=row.gtin,
            tree=run.tree,
            today=run.at.date(),
            progress=run.show,
        ):
            run.note(error)
        boxes = list(run.tree.innermost_first())
        verify_size(run)
        verify_boxes(run)
        filled = fill(run, Ground(row.partner.gln, row.site, row.gtin), boxes)
        if not run.error_count:
            _write(run, *filled)
    except (MalformedInput, ForbiddenTransfer) as error:
        run.note(
            LineError(
                0,
                error.code,
                clip(error.field)[:40],
                clip(error.got or ""),
                clip(error.wanted),
            )
        )


def _write(run: Run, ground: Ground, filled: list[Filled]) -> None:
    """Keep the events as they will be signed; the law is asked of each."""
    path = events_path(run.row.pk)
    limit = settings.BODY_LIMIT_BYTES_BY_PREFIX["/api/v1/statements"] - _WRITE_BYTES
    keep_file(path, _lines(run, ground, filled), limit=limit)


def _lines(run: Run, ground: Ground, filled: list[Filled]) -> Iterator[bytes]:
    at_ms = as_ms(run.at)
    written: list[bytes] = []
    size = 0
    for line in packing_lines(
        ground=ground, opened=list(run.tree.boxes), boxes=filled, at_ms=at_ms
    ):
        run.sums.add(line)
        data = canonical_bytes({"event": dict(line.event), "parents": []}) + b"\n"
        if len(data) > MAX_LINE_BYTES:
            raise MalformedInput(
                "container_too_full",
                field="file",
                got=f"{len(data)} bytes",
                wanted=f"an event of at most {MAX_LINE_BYTES} bytes",
            )
        written.append(data)
        size += len(data)
        if size > _WRITE_BYTES:
            yield b"".join(written)
            written, size = [], 0
            run.show(run.done, run.total)
    yield b"".join(written)


def _finish(run: Run) -> None:
    if run.error_count:
        with transaction.atomic():
            AggregationError.objects.bulk_create(
                AggregationError(
                    aggregation=run.row,
                    line_no=error.line_no,
                    code=error.code,
                    field=error.field,
                    got=error.got,
                    wanted=error.wanted,
                    row=error.row,
                )
                for error in sorted(run.errors, key=lambda each: each.line_no)
            )
            _close(run, state=AggregationState.REFUSED, error_count=run.error_count)
        remove_files(run.row.pk)
        return
    body = EventsFile.of(events_path(run.row.pk).read_bytes()).to_json()
    with transaction.atomic():
        _close(
            run,
            state=AggregationState.STAGED,
            pallets=run.tree.pallets,
            cases=run.tree.cases,
            packs=run.tree.packs,
            loose=run.tree.loose,
            subjects=[kept_subject(each) for each in run.sums.subjects()],
            body=body,
        )


def _close(run: Run, *, state: AggregationState, **values: Any) -> None:
    """Close job and row together: the job's fence decides whose result counts."""
    at = run.clock()
    jobs.finish(claim=run.claim, result={"errors": run.error_count}, at=at)
    Aggregation.objects.filter(pk=run.row.pk).update(
        state=state,
        rows_done=run.done,
        rows_total=run.done,
        finished_at=at,
        **values,
    )
