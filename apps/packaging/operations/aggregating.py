"""The check of one file of packing, as a job: leased, repeatable, all or nothing.

1. Take the lease of the job; a second worker leaves.
2. Read the file: every line, every box within boxes.
3. Ask the registry for every pack: known, of the lot, here, and in no container.
4. Ask the law of every event, and keep the events that are to be signed.
5. In one transaction write counts and subjects, or the errors.
A run that lost its lease fails at its next progress and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from pyroaring import BitMap

from apps.catalog.queries import get_product
from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.events import CLOCK_TOLERANCE_MS, MAX_LINE_BYTES, MAX_LINES
from apps.custody.queries.hierarchy import (
    Filled,
    Ground,
    find_opened,
    packing_lines,
)
from apps.custody.queries.registry import ASKED_AT_ONCE, find_known
from apps.custody.queries.sums import FileSums
from apps.intake.formats.rows import LineError, clip
from apps.jobs import operations as jobs
from apps.jobs.operations import Claim
from apps.ledger.formats import as_ms
from apps.packaging.formats.hierarchy import Box, Hierarchy
from apps.packaging.formats.hierarchy_files import read_hierarchy
from apps.packaging.models import (
    UNCHECKED_STATES,
    Aggregation,
    AggregationError,
    AggregationState,
)
from apps.packaging.operations.files import keep_file, remove_files
from apps.packaging.queries.aggregations import kept_subject
from apps.packaging.queries.files import events_path, sent_path

Clock = Callable[[], datetime]
MAX_ERRORS: Final = 1_000
_SHOW_EVERY: Final = timedelta(milliseconds=300)
_WRITE_BYTES: Final = 1 << 20


@dataclass(slots=True)
class _Run:
    """One run over one file."""

    row: Aggregation
    claim: Claim
    clock: Clock
    at: datetime
    shown_at: datetime
    product_id: int = 0
    tree: Hierarchy = field(default_factory=Hierarchy)
    done: int = 0
    total: int = 0
    error_count: int = 0
    errors: list[LineError] = field(default_factory=list)
    sums: FileSums = field(default_factory=FileSums)

    def note(self, error: LineError) -> None:
        """Count every error; keep the first thousand."""
        self.error_count += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)

    def show(self, done: int, total: int) -> None:
        """Write how far it is, not more often than a page looks.

        Raises:
            LedgerConflict: `lease_lost`: cancelled, or another worker took over.
        """
        self.done, self.total, at = done, total, self.clock()
        if at - self.shown_at < _SHOW_EVERY:
            return
        self.shown_at = at
        jobs.progress(claim=self.claim, done=done, total=total, message="", at=at)
        Aggregation.objects.filter(pk=self.row.pk).update(
            rows_done=done, rows_total=total or None, error_count=self.error_count
        )


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
    run = _Run(row, claim, clock, at, shown_at=at)
    try:
        _check(run)
        _finish(run)
    except LedgerConflict as conflict:
        if conflict.code != "lease_lost":
            raise
        return {"stopped": 1}
    return {"packs": run.tree.packs, "errors": run.error_count}


def _check(run: _Run) -> None:
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
        _verify_size(run)
        _verify_boxes(run)
        filled = _fill(run, Ground(row.partner.gln, row.site, row.gtin), boxes)
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


def _verify_size(run: _Run) -> None:
    boxes = len(run.tree.boxes)
    if not (boxes or run.error_count):
        raise MalformedInput("empty", field="file", wanted="rows that fill a container")
    if boxes > MAX_LINES - 10:
        raise MalformedInput(
            "too_many_containers",
            field="file",
            got=boxes,
            wanted=f"at most {MAX_LINES - 10}; send the lot in parts",
        )


def _verify_boxes(run: _Run) -> None:
    """No number was opened before, none is a pack's, and each holds something."""
    opened = find_opened(run.tree.boxes)
    # Beside a line that could not be taken, its box looks emptier than it is.
    is_whole = not run.error_count
    for epc, box in run.tree.boxes.items():
        if epc in opened:
            _note(run, box.line_no, "container_exists", "case", epc, "a new number")
        if (box.event_time_ms or 0) > as_ms(run.at) + CLOCK_TOLERANCE_MS:
            _note(run, box.line_no, "event_in_future", "eventTime", epc, "a time past")
        if is_whole and not (box.serials or box.boxes):
            _note(run, box.line_no, "empty", "case", epc, "a container with packs")
        stem, _slash, serial = epc.rpartition("/21/")
        if serial and stem.endswith(f"/01/{run.row.gtin}") and serial in run.tree.seen:
            _note(run, box.line_no, "is_a_pack", "case", epc, "a number no pack bears")


def _note(
    run: _Run, line_no: int, code: str, column: str, got: str, wanted: str
) -> None:
    run.note(LineError(line_no, code, column, clip(got), clip(wanted), clip(got)))


def _fill(run: _Run, ground: Ground, boxes: list[Box]) -> tuple[Ground, list[Filled]]:
    """Ask for the packs of many boxes at once; what is wrong is noted by line."""
    filled: list[Filled] = []
    waiting: list[Box] = []
    count = 0
    for box in boxes:
        waiting.append(box)
        count += len(box.serials)
        if count >= ASKED_AT_ONCE:
            filled += _ask(run, ground, waiting)
            waiting, count = [], 0
            run.show(run.done, run.total)
    filled += _ask(run, ground, waiting)
    list(_ask(run, ground, [run.tree.free]))  # for what is wrong with them
    return ground, filled


def _ask(run: _Run, ground: Ground, boxes: list[Box]) -> Iterator[Filled]:
    serials = [serial for box in boxes for serial in box.serials]
    known = find_known(product_id=run.product_id, serials=serials)
    ground.learn({batch_id for batch_id, _ordinal in known.values()})
    for box in boxes:
        packs: dict[int, BitMap] = {}
        for serial, line_no in zip(box.serials, box.lines, strict=True):
            position = known.get(serial)
            refusal = _refuse_pack(run, ground, position)
            if refusal:
                _note(run, line_no, *refusal[:1], "serial", serial, refusal[1])
            elif position is not None:
                packs.setdefault(position[0], BitMap()).add(position[1])
        at_ms = as_ms(run.at)
        said = box.event_time_ms
        yield Filled(
            box.epc,
            packs,
            box.serials,
            box.boxes,
            at_ms if said is None else said,
        )


def _refuse_pack(
    run: _Run, ground: Ground, position: tuple[int, int] | None
) -> tuple[str, str] | None:
    """Code and what was wanted, of a pack that cannot be packed; None if it can."""
    if position is None:
        return "serial_unknown", "a serial that was commissioned"
    batch_id, ordinal = position
    if run.row.lot and ground.lot_of(batch_id) != run.row.lot:
        return "other_lot", run.row.lot
    if ordinal not in ground.here[batch_id]:
        return "not_in_your_custody", "an active pack of yours, at this site"
    if ordinal in ground.boxed[batch_id]:
        return "inside_a_container", "a pack that is in no container yet"
    return None


def _write(run: _Run, ground: Ground, filled: list[Filled]) -> None:
    """Keep the events as they will be signed; the law is asked of each."""
    path = events_path(run.row.pk)
    limit = settings.BODY_LIMIT_BYTES_BY_PREFIX["/api/v1/statements"] - _WRITE_BYTES
    keep_file(path, _lines(run, ground, filled), limit=limit)


def _lines(run: _Run, ground: Ground, filled: list[Filled]) -> Iterator[bytes]:
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


def _finish(run: _Run) -> None:
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


def _close(run: _Run, *, state: AggregationState, **values: Any) -> None:
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
