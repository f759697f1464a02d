"""What was commissioned: which staged serials were signed since, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from django.db.models import Count

from apps.core.recall import Scope, parse_scope
from apps.custody.formats import CHUNK
from apps.custody.models import Commissioning, RecallRule, SerialChunk

_ROWS: Final = 50  # of 1,024 serials each, in memory at once


def find_commissionings(*, roots: Sequence[bytes]) -> dict[bytes, str]:
    """Statement id by Merkle root, of those roots that a commissioning signed.

    A root stands for one staging: its seed is random.
    """
    rows = Commissioning.objects.filter(root__in=list(roots))
    return {
        bytes(root): statement_id
        for root, statement_id in rows.values_list("root", "statement_id")
    }


def find_scopes_ahead(*, product_id: int, lot: str, expiry_date: date) -> list[Scope]:
    """The scopes of open recalls that units of a lot would be born into."""
    rules = RecallRule.objects.filter(product_id=product_id).order_by("pk")
    scopes = (parse_scope(rule.scope) for rule in rules)
    return [
        scope
        for scope in scopes
        if scope.covers_batch(lot=lot, expiry_date=expiry_date)
    ]


def find_commissioning(statement_id: str) -> Commissioning | None:
    """What is kept of a signed commissioning, its seed included; None if nothing is."""
    rows = Commissioning.objects.select_related("batch")
    return rows.filter(statement_id=statement_id).first()


def iter_commissionings() -> Iterator[str]:
    """The statement of every commissioning that is kept."""
    rows = Commissioning.objects.order_by("pk")
    return rows.values_list("statement_id", flat=True).iterator()


def chunk_rows(*, base: int, size: int) -> int:
    """How many rows of serials a commissioning of `size` from ordinal `base` has."""
    return (base + size - 1) // CHUNK - base // CHUNK + 1


def iter_serials(*, tag: bytes, base: int, size: int) -> Iterator[str]:
    """The serials kept for ordinals from `base` on, some rows at a time in memory.

    They end before the first row that does not continue the one before it.
    """
    end = base + size
    rows = SerialChunk.objects.filter(
        batch__tag=tag,
        chunk_no__gte=base // CHUNK,
        chunk_no__lte=(end - 1) // CHUNK,
        first__gte=base,
        first__lt=end,
    ).order_by("chunk_no", "first")
    ordinal = base
    for row in rows.iterator(chunk_size=_ROWS):
        if (row.first, row.chunk_no) != (ordinal, ordinal // CHUNK):
            return
        serials = row.serials.split("\n")
        ordinal += len(serials)
        yield from serials


def count_chunk_rows() -> dict[bytes, int]:
    """How many rows of serials are kept of each batch, by tag."""
    rows = SerialChunk.objects.values_list("batch__tag").annotate(n=Count("pk"))
    return {bytes(tag): count for tag, count in rows.order_by()}
