"""The leaves read fast: columns of many rows, and the ends of all chains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from apps.core.leaf import ZEROS
from apps.edge.cycles import no_search
from apps.edge.reading import fetch_rows, iter_rows

_PAGE: Final = 8_192  # rows
_COLUMNS: Final = (
    'SELECT "index", statement_id IS NOT NULL, type, time_ms, tag, chain_seq,'
    " prev_leaf_hash, commitment, leaf_hash FROM ledger_leaf"
    ' WHERE "index" >= %s AND "index" < %s ORDER BY "index"'
)
# Every leaf beside the one before it in its tag; -1 and zeros before the first.
_LINKS: Final = (
    'SELECT tag, chain_seq, "index", leaf_hash, prev_leaf_hash,'
    ' lead("index") OVER chain IS NULL AS is_last,'
    " lag(chain_seq, 1, -1) OVER chain AS seq_before,"
    " lag(leaf_hash, 1, %s) OVER chain AS hash_before,"
    ' lag("index", 1, -1) OVER chain AS index_before'
    ' FROM ledger_leaf WHERE "index" < %s'
    ' WINDOW chain AS (PARTITION BY tag ORDER BY chain_seq, "index")'
)
_IS_BROKEN: Final = "chain_seq <> seq_before + 1 OR prev_leaf_hash <> hash_before"
_RUNS_BACK: Final = 'index_before >= "index"'
_ENDS: Final = (
    'SELECT tag, chain_seq + 1, leaf_hash, "index", is_last,'  # noqa: S608 - parts from above
    f" CASE WHEN {_IS_BROKEN} THEN prev_leaf_hash END,"
    f" CASE WHEN {_RUNS_BACK} THEN index_before END"
    f" FROM ({_LINKS}) AS links"
    f" WHERE is_last OR {_IS_BROKEN} OR {_RUNS_BACK} ORDER BY tag, chain_seq"
)
# Tag, number of leaves up to this one, its hash, its index; whether it is the last of its
# tag; what it names if that is not the leaf before it; that one's index if not lower.
ChainRow: TypeAlias = tuple[bytes, int, bytes, int, bool, bytes | None, int | None]


class LeafColumns(NamedTuple):
    """Consecutive rows of leaves, a tuple a column.

    Attributes:
        are_said: whether a statement stands behind each.
    """

    indexes: tuple[int, ...]
    are_said: tuple[bool | int, ...]  # SQLite knows no bool
    types: tuple[int, ...]
    times_ms: tuple[int, ...]
    tags: tuple[bytes, ...]
    chain_seqs: tuple[int, ...]
    prev_leaf_hashes: tuple[bytes, ...]
    commitments: tuple[bytes, ...]
    leaf_hashes: tuple[bytes, ...]


def iter_leaf_columns(*, stop: int) -> Iterator[LeafColumns]:
    """The leaves below index `stop` in order, a page at a time in memory."""
    for start in range(0, stop, _PAGE):
        with no_search():
            rows = fetch_rows(_COLUMNS, [start, min(start + _PAGE, stop)])
            page = LeafColumns(*zip(*rows, strict=True)) if rows else None
        if page is not None:
            yield page


def iter_chain_rows(*, stop: int) -> Iterator[ChainRow]:
    """The leaves below index `stop` where chains end or break, by tag."""
    return iter_rows(_ENDS, [ZEROS, stop])
