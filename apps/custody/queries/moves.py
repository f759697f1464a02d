"""What moved in a batch: every line of its history, and who ever held what of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.custody.models import EventLine
from apps.custody.queries.attached import verify_attached_lots
from apps.custody.queries.members import (
    MAY_HOLD,
    chunk_lines,
    pack_arguments,
    with_pack,
)
from apps.custody.references import reference_text, statement_of
from apps.edge.reading import fetch_rows

_BY: Final = (
    'e.ref, e.rule, e."by", e.counterparty, l.source_holder,'
    " l.source_site, l.source_status, l.target_holder, l.target_site, l.target_status"
)
_WHEN: Final = "e.accepted_ms, e.event_time_ms, e.is_inferred, e.is_corrected"
_OF_BATCH: Final = f"""
SELECT {_BY}, l.count, {_WHEN}
FROM custody_eventline l JOIN custody_event e ON e.id = l.event_id
WHERE l.batch_id = %s ORDER BY l.id
"""  # noqa: S608 - columns of ours
_OF_CHUNK: Final = f"""
SELECT {_BY}, 1, {_WHEN}, l.units
FROM {{lines}}
JOIN custody_event e ON e.id = l.event_id
WHERE {MAY_HOLD}
ORDER BY l.id
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class BatchMove:
    """Units of a batch that one event took from one place to another.

    Attributes:
        source_holder: GLN, "" where the units were made.
        counterparty: GLN of the addressee of a despatch, else "".
        accepted_ms, event_time_ms: milliseconds since 1970, UTC.
    """

    ref: str
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
    def statement_id(self) -> str:
        """The statement that said it."""
        return statement_of(self.ref)

    @property
    def is_handover(self) -> bool:
        """Whether the units went from one holder to another."""
        return bool(self.source_holder) and self.source_holder != self.target_holder


def moves_of(*, batch_id: int) -> list[BatchMove]:
    """Every move of a batch, the first one first.

    Raises:
        Unavailable: `part_detached`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OF_BATCH, [batch_id])
        rows = cursor.fetchall()
    if not rows:
        verify_attached_lots([batch_id])
    return [_move(row) for row in rows]


def moves_of_unit(*, batch_id: int, ordinal: int) -> list[BatchMove]:
    """Every move of one pack, the first one first; each counts 1."""
    asked = pack_arguments(batch_id=batch_id, ordinal=ordinal)
    rows = fetch_rows(_OF_CHUNK.format(lines=chunk_lines()), asked)
    return [_move(row[:-1]) for row in with_pack(rows, ordinal, place=-1)]


def count_lines(*, batch_ids: Iterable[int]) -> int:
    """How many moves the batches have together; it only ever grows."""
    return EventLine.objects.filter(batch_id__in=sorted(batch_ids)).count()


def held_by_each(*, batch_id: int) -> dict[str, BitMap]:
    """Every unit of a batch that a partner holds or held, by the partner's GLN.

    Raises:
        Unavailable: `part_detached`.
    """
    found: dict[str, BitMap] = {}
    rows = EventLine.objects.filter(batch_id=batch_id)
    for gln, stored in rows.values_list("target_holder", "units").iterator():
        found[gln] = found.get(gln, BitMap()) | to_set(stored)
    if not found:
        verify_attached_lots([batch_id])
    return found


def _move(row: Sequence[Any]) -> BatchMove:
    ref, *known, is_inferred, is_corrected = row
    values: list[Any] = [
        reference_text(ref),
        *known,
        bool(is_inferred),
        bool(is_corrected),
    ]
    return BatchMove(*values)
