"""What moved in a batch: every line of its history, and who ever held what of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyroaring import BitMap

from apps.custody.formats import CHUNK, to_set
from apps.custody.models import EventChunk, EventLine


@dataclass(frozen=True, slots=True)
class BatchMove:
    """Units of a batch that one event took from one place to another.

    Attributes:
        source_holder: GLN, "" where the units were made.
        counterparty: GLN of the addressee of a despatch, else "".
        accepted_ms, event_time_ms: milliseconds since 1970, UTC.
    """

    ref: str
    statement_id: str
    rule: str
    by: str
    counterparty: str
    source_holder: str
    source_site: str
    source_status: str
    target_holder: str
    target_site: str
    target_status: str
    count: int
    accepted_ms: int
    event_time_ms: int
    is_inferred: bool
    is_corrected: bool

    @property
    def is_handover(self) -> bool:
        """Whether the units went from one holder to another."""
        return bool(self.source_holder) and self.source_holder != self.target_holder


def moves_of(*, batch_id: int) -> list[BatchMove]:
    """Every move of a batch, the first one first."""
    rows = EventLine.objects.filter(batch_id=batch_id).defer("units")
    lines = rows.select_related("event").order_by("pk")
    return [_move(line, line.count) for line in lines]


def moves_of_unit(*, batch_id: int, ordinal: int) -> list[BatchMove]:
    """Every move of one pack, the first one first; each counts 1."""
    rows = EventChunk.objects.filter(batch_id=batch_id, chunk_no=ordinal // CHUNK)
    lines = rows.select_related("line__event").order_by("line_id")
    return [_move(row.line, 1) for row in lines if ordinal in to_set(row.line.units)]


def count_lines(*, batch_ids: Iterable[int]) -> int:
    """How many moves the batches have together; it only ever grows."""
    return EventLine.objects.filter(batch_id__in=sorted(batch_ids)).count()


def held_by_each(*, batch_id: int) -> dict[str, BitMap]:
    """Every unit of a batch that a partner holds or held, by the partner's GLN."""
    found: dict[str, BitMap] = {}
    rows = EventLine.objects.filter(batch_id=batch_id)
    for gln, stored in rows.values_list("target_holder", "units").iterator():
        found[gln] = found.get(gln, BitMap()) | to_set(stored)
    return found


def _move(line: EventLine, count: int) -> BatchMove:
    event = line.event
    return BatchMove(
        ref=event.ref,
        statement_id=event.statement_id,
        rule=event.rule,
        by=event.by,
        counterparty=event.counterparty,
        source_holder=line.source_holder,
        source_site=line.source_site,
        source_status=line.source_status,
        target_holder=line.target_holder,
        target_site=line.target_site,
        target_status=line.target_status,
        count=count,
        accepted_ms=event.accepted_ms,
        event_time_ms=event.event_time_ms,
        is_inferred=event.is_inferred,
        is_corrected=event.is_corrected,
    )
