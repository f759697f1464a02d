"""Who took part in what became of some lots."""

from __future__ import annotations

from collections.abc import Sequence

from apps.custody.models import EventLine
from apps.custody.queries.attached import verify_attached_lots
from apps.custody.references import statement_of


def parties_of(*, batch_ids: Sequence[int]) -> set[str]:
    """Every party that moved units of the lots, or was sent some.

    Raises:
        Unavailable: `part_detached`.
    """
    verify_attached_lots(batch_ids)
    lines = EventLine.objects.filter(batch_id__in=batch_ids)
    pairs = lines.values_list("event__by", "event__counterparty").distinct()
    return {gln for pair in pairs for gln in pair} - {""}


def addressed_to(*, batch_ids: Sequence[int], gln: str) -> set[str]:
    """The statements of one event by which units of the lots were sent to a party.

    Raises:
        Unavailable: `part_detached`.
    """
    verify_attached_lots(batch_ids)
    lines = EventLine.objects.filter(batch_id__in=batch_ids, event__counterparty=gln)
    refs = set(lines.values_list("event__ref", flat=True).distinct())
    return {ref for ref in refs if ref == statement_of(ref)}
