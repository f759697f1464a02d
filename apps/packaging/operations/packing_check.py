"""What is asked of every box and pack of a file of packing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pyroaring import BitMap

from apps.core.errors import MalformedInput
from apps.core.events import CLOCK_TOLERANCE_MS, MAX_LINES
from apps.custody.queries.hierarchy import Filled, Ground, find_opened
from apps.custody.queries.registry import ASKED_AT_ONCE, find_known
from apps.custody.queries.sums import FileSums
from apps.intake.formats.rows import LineError, clip
from apps.jobs import operations as jobs
from apps.jobs.operations import Claim
from apps.ledger.formats import as_ms
from apps.packaging.formats.hierarchy import Box, Hierarchy
from apps.packaging.models import Aggregation

Clock = Callable[[], datetime]
MAX_ERRORS: Final = 1_000
_SHOW_EVERY: Final = timedelta(milliseconds=300)


@dataclass(slots=True)
class Run:
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


def verify_size(run: Run) -> None:
    """Check that the file fills something, and not more than one statement can say.

    Raises:
        MalformedInput: `empty`, `too_many_containers`.
    """
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


def verify_boxes(run: Run) -> None:
    """Note by line: no number was opened before, none is a pack's, and each holds something."""
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
    run: Run, line_no: int, code: str, column: str, got: str, wanted: str
) -> None:
    run.note(LineError(line_no, code, column, clip(got), clip(wanted), clip(got)))


def fill(run: Run, ground: Ground, boxes: list[Box]) -> tuple[Ground, list[Filled]]:
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


def _ask(run: Run, ground: Ground, boxes: list[Box]) -> Iterator[Filled]:
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
    run: Run, ground: Ground, position: tuple[int, int] | None
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
