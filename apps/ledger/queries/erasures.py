"""What is erased, and the statements that could be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from apps.core.statement import GOODS_KINDS
from apps.ledger.models import Erasure, Leaf, Statement

T = TypeVar("T", str, int)
_PAGE: Final = 500  # rows, and parameters of one statement on SQLite


def find_erasure(statement_id: str) -> Erasure | None:
    """That a statement's sealed part was erased, and by which statement."""
    rows = Erasure.objects.select_related("statement")
    return rows.filter(pk=statement_id).first()


def first_erased(statement_ids: Collection[str]) -> str:
    """One of the statements that is erased already; "" if none is."""
    for page in _pages(sorted(statement_ids)):
        found = Erasure.objects.filter(pk__in=page).values_list("pk", flat=True)
        for erased in found:
            return str(erased)
    return ""


def count_goods() -> int:
    """How many statements about goods were accepted."""
    return Statement.objects.filter(kind__in=GOODS_KINDS).count()


def iter_whole_goods(*, until_ms: int) -> Iterator[Statement]:
    """Statements about goods that are not erased, accepted by `until_ms`, in order."""
    rows = Statement.objects.filter(kind__in=GOODS_KINDS, accepted_ms__lte=until_ms)
    rows = rows.filter(erasure__isnull=True).order_by("accept_no")
    return rows.iterator(chunk_size=_PAGE)


def statements_at(indices: Sequence[int]) -> dict[int, str | None]:
    """The statement of each leaf that exists; None for leaves of no statement."""
    found: dict[int, str | None] = {}
    for page in _pages(indices):
        rows = Leaf.objects.filter(index__in=page)
        found.update(rows.values_list("index", "statement_id"))
    return found


def list_statements(statement_ids: Iterable[str]) -> list[Statement]:
    """The rows of statements, in order of acceptance."""
    rows = [
        row
        for page in _pages(sorted(set(statement_ids)))
        for row in Statement.objects.filter(pk__in=page)
    ]
    return sorted(rows, key=lambda row: row.accept_no)


def _pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _PAGE):
        yield values[start : start + _PAGE]
