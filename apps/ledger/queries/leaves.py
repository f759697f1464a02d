"""The public leaves as their rows stand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from apps.core.leaf import Leaf as CoreLeaf
from apps.core.leaf import LeafType, encode_leaf, leaf_type
from apps.core.statement import PUBLISHED_KINDS
from apps.edge.reading import fetch_rows
from apps.edge.replica import read_connection as connection
from apps.ledger.models import Leaf

LEAVES: Final = (
    'SELECT "index", statement_id, position, type, time_ms, tag, chain_seq,'
    " prev_leaf_hash, commitment, leaf_hash FROM ledger_leaf"
)
_BETWEEN: Final = 'WHERE "index" >= %s AND "index" < %s ORDER BY "index"'
_RANGE: Final = f"{LEAVES} {_BETWEEN}"
_ENTRIES: Final = (
    'SELECT "index", leaf_hash, type, time_ms, tag, chain_seq, prev_leaf_hash,'
    " commitment FROM ledger_leaf"
)
# A list of any length as one argument: the text stays the same and is prepared once.
_AMONG: Final = {
    "postgresql": f"{LEAVES} WHERE statement_id = ANY(%s) ORDER BY position",
    "sqlite": f"{LEAVES} WHERE statement_id IN"  # noqa: S608  # constants
    " (SELECT value FROM json_each(%s)) ORDER BY position",
}
_PAGE: Final = 4_096  # rows
_MOST_MARKS: Final = 500  # parameters of one statement on SQLite


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf as its row stands; `leaf` builds the public entry from it."""

    index: int
    statement_id: str | None
    position: int
    type: int
    time_ms: int
    tag: bytes
    chain_seq: int
    prev_leaf_hash: bytes
    commitment: bytes
    leaf_hash: bytes

    @property
    def leaf(self) -> CoreLeaf:
        """The public entry.

        Raises:
            MalformedInput: the row holds no leaf.
        """
        return CoreLeaf(
            leaf_type(self.type),
            self.time_ms,
            self.tag,
            self.chain_seq,
            self.prev_leaf_hash,
            self.commitment,
        )


def list_leaves(*, start: int, stop: int) -> Iterator[StoredLeaf]:
    """The leaves with start <= index < stop, in order, a page at a time in memory."""
    while start < stop:
        end = min(start + _PAGE, stop)
        with connection.cursor() as cursor:
            cursor.execute(_RANGE, [start, end])
            rows = cursor.fetchall()
        yield from map(stored, rows)
        start = end


def list_entries(*, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Index, stored leaf hash and public entry of the same leaves, for backlogs.

    Raises:
        MalformedInput: a row holds no leaf.
    """
    while start < stop:
        end = min(start + _PAGE, stop)
        with connection.cursor() as cursor:
            rows = _fetch_binary(cursor, f"{_ENTRIES} {_BETWEEN}", [start, end])
        for index, digest, *leaf in rows:
            yield index, digest, encode_leaf(*leaf)
        start = end


def _fetch_binary(
    cursor: CursorWrapper, sql: str, parameters: Sequence[int]
) -> list[tuple[Any, ...]]:
    """All rows, on PostgreSQL in its binary format: bytes come in half the time."""
    if connection.vendor != "postgresql":
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
    with connection.wrap_database_errors:
        cursor.cursor.execute(sql, parameters, binary=True)
        return list(cursor.cursor.fetchall())


def list_tags(*, start: int) -> list[bytes]:
    """The tags of all leaves with index >= start, each once."""
    leaves = Leaf.objects.filter(index__gte=start).order_by()
    return [bytes(tag) for tag in leaves.values_list("tag", flat=True).distinct()]


def get_leaf(index: int) -> StoredLeaf:
    """The leaf at `index`.

    Raises:
        Leaf.DoesNotExist: the tree is not that large.
    """
    for row in list_leaves(start=index, stop=index + 1):
        return row
    raise Leaf.DoesNotExist(f"no leaf {index}")


def leaves_of(statement_id: str) -> list[StoredLeaf]:
    """The leaves of a statement in subject order; none while it is pending."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{LEAVES} WHERE statement_id = %s ORDER BY position", [statement_id]
        )
        return list(map(stored, cursor.fetchall()))


def find_last_index(statement_id: str) -> int | None:
    """Where the last leaf of a statement stands in the log; None while it is pending."""
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT "index" FROM ledger_leaf WHERE statement_id = %s'
            " ORDER BY position DESC LIMIT 1",
            [statement_id],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def leaves_among(statement_ids: Sequence[str]) -> dict[str, list[StoredLeaf]]:
    """The leaves of several statements, each list in subject order."""
    found: dict[str, list[StoredLeaf]] = {}
    ids = [*statement_ids]
    is_postgresql = connection.vendor == "postgresql"
    argument = ids if is_postgresql else json.dumps(ids)
    for row in fetch_rows(_AMONG[connection.vendor], [argument]):
        found.setdefault(row[1], []).append(StoredLeaf(*row))
    return found


def leaves_by_hash(leaf_hashes: Collection[bytes]) -> dict[bytes, StoredLeaf]:
    """The leaves that have these hashes in their rows."""
    found: dict[bytes, StoredLeaf] = {}
    wanted = sorted(leaf_hashes)
    for at in range(0, len(wanted), _MOST_MARKS):
        part = wanted[at : at + _MOST_MARKS]
        marks = ",".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(f"{LEAVES} WHERE leaf_hash IN ({marks})", part)
            found.update((row.leaf_hash, row) for row in map(stored, cursor.fetchall()))
    return found


def find_first_said(*, start: int, stop: int) -> StoredLeaf | None:
    """The first leaf with start <= index < stop that a statement made.

    Map roots and anchor receipts are made by the log itself.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f'{LEAVES} WHERE "index" >= %s AND "index" < %s AND type NOT IN (%s, %s)'
            ' ORDER BY "index" LIMIT 1',
            [start, stop, *map(int, (LeafType.MAP_ROOT, LeafType.ANCHOR))],
        )
        row = cursor.fetchone()
    return stored(row) if row else None


def list_anchor_leaves(*, start: int, stop: int) -> list[StoredLeaf]:
    """The anchor receipts with start <= index < stop, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'{LEAVES} WHERE "index" >= %s AND "index" < %s AND type = %s'
            ' ORDER BY "index"',
            [start, stop, int(LeafType.ANCHOR)],
        )
        return list(map(stored, cursor.fetchall()))


def chain_of(tag: bytes, *, limit: int) -> list[StoredLeaf]:
    """The newest leaves of a tag, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{LEAVES} WHERE tag = %s ORDER BY chain_seq DESC LIMIT %s", [tag, limit]
        )
        return list(map(stored, cursor.fetchall()))


def count_leaves() -> int:
    """How many leaves are stored."""
    return Leaf.objects.count()


def stored(row: tuple[Any, ...]) -> StoredLeaf:
    """A row of `LEAVES` as a value."""
    index, statement_id, position, kind, time_ms, tag, *chain = row
    chain_seq, previous, commitment, digest = chain
    return StoredLeaf(
        index=index,
        statement_id=statement_id,
        position=position,
        type=kind,
        time_ms=time_ms,
        tag=bytes(tag),
        chain_seq=chain_seq,
        prev_leaf_hash=bytes(previous),
        commitment=bytes(commitment),
        leaf_hash=bytes(digest),
    )


def list_published(*, start: int, stop: int) -> list[str]:
    """Ids of the statements that everybody may read, by index of their first leaf.

    Only those whose first leaf has an index from `start` up to, not including, `stop`.
    """
    first_leaves = Leaf.objects.filter(
        index__gte=start,
        index__lt=stop,
        type=LeafType.RECALL,
        position=0,
        statement__kind__in=PUBLISHED_KINDS,
    )
    found = first_leaves.order_by("index").values_list("statement_id", flat=True)
    return [statement_id for statement_id in found if statement_id]
