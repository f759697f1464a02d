"""Step 2 of the order of durable steps: what waits becomes leaves, at once.

One transaction: take whole statements, then receipts of anchors, give dense indices
and places in the chains, write leaves, the map, the map-root leaf last, and move the
tree by compare-and-swap.
Nothing is judged here and nothing is signed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from django.db import connection, transaction

from apps.anchoring import queries
from apps.anchoring.models import Checkpoint, TreeState
from apps.anchoring.operations import map_cache
from apps.anchoring.operations.anchor_rows import take_anchors
from apps.core.errors import LedgerConflict
from apps.core.leaf import ANCHOR_TAG, MAP_ROOT_TAG, ZEROS, LeafType, encode_leaf
from apps.core.map import map_value_hash
from apps.core.mapbuild import MapTree
from apps.core.merkle import EMPTY_ROOT, HASH_SIZE, RootBuilder, leaf_hash
from apps.edge.beside import beside
from apps.edge.cycles import no_search
from apps.ledger import operations as ledger
from apps.ledger import queries as ledger_queries
from apps.ledger.formats import PendingStatement, as_ms
from apps.ledger.operations import LeafRow

# "ptsq": the name of our lock among PostgreSQL's advisory locks.
_ADVISORY_LOCK: Final = 0x70747371
_TREE: Final = 1

_UPSERT = (
    "INSERT INTO anchoring_mapentry (tag, count, head_leaf_hash, last_index) {}"
    " ON CONFLICT (tag) DO UPDATE SET count = excluded.count,"
    " head_leaf_hash = excluded.head_leaf_hash, last_index = excluded.last_index"
)
# Arrays of bytes in binary, of numbers as one text: a tenth of psycopg's time a list.
_UPSERT_ARRAYS: Final = _UPSERT.format(
    "SELECT * FROM unnest(%b::bytea[], %s::bigint[], %b::bytea[], %s::bigint[])"
)
_UPSERT_ROW: Final = _UPSERT.format("VALUES (%s, %s, %s, %s)")

# Statement and position, type, tag, commitment.
_Waiting: TypeAlias = tuple[str | None, int, int, bytes, bytes]
# What the map says of a tag, as in `MapValue`: count, hash and index of its last leaf.
_Head: TypeAlias = tuple[int, bytes, int]
_NO_HEAD: Final[_Head] = (0, ZEROS, 0)


@dataclass(frozen=True, slots=True)
class Integrated:
    """What one run added to the tree."""

    old_size: int
    new_size: int
    root_hash: bytes
    map_root: bytes
    time_ms: int


@dataclass(frozen=True, slots=True)
class _Growing:
    """The tree while leaves are added: its right edge, its map, all tags' heads."""

    time_ms: int
    edge: RootBuilder
    map_tree: MapTree
    heads: dict[bytes, _Head]


def integrate_pending(*, at: datetime, limit_leaves: int) -> Integrated | None:
    """Commit pending statements and anchors as leaves; None if there is nothing to do.

    None also where another sequencer is at work: its run is as good as ours.

    Raises:
        Unavailable: `quarantined`.
        LedgerConflict: somebody else moved the tree or took from the queue.
    """
    # Durable: what is signed next must be committed.
    with no_search(), transaction.atomic(durable=True):
        if not _lock():
            return None
        ledger_queries.require_no_quarantine()
        state = _locked_state()
        taken = ledger.take_pending(limit_leaves=limit_leaves)
        anchors = take_anchors()
        if not taken and not anchors:
            return None
        return _append(state, taken, anchors, at)


def _lock() -> bool:
    """PostgreSQL: a lock that ends with the transaction, so a pooler cannot leak it.

    On SQLite the transaction began IMMEDIATE and is alone already.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        (is_ours,) = cursor.fetchone()
    return bool(is_ours)


def _locked_state() -> TreeState:
    state, _ = TreeState.objects.get_or_create(
        id=_TREE,
        defaults={"size": 0, "root_hash": EMPTY_ROOT, "frontier": b"", "time_ms": 0},
    )
    return state


def _append(
    state: TreeState,
    taken: list[PendingStatement],
    anchors: list[bytes],
    at: datetime,
) -> Integrated:
    waiting = list(_waiting(taken, anchors))
    tree = _Growing(
        time_ms=max(as_ms(at), state.time_ms, *(each.accepted_ms for each in taken)),
        edge=_edge_of(state),
        map_tree=map_cache.load(state),
        heads=_find_heads({MAP_ROOT_TAG, *(tag for *_, tag, _ in waiting)}),
    )
    _grow(tree, waiting)
    map_root = tree.map_tree.root()
    _grow(tree, [(None, 0, int(LeafType.MAP_ROOT), MAP_ROOT_TAG, map_root)])
    integrated = _move_tree(state, tree, map_root)
    map_cache.keep(
        tree.map_tree, size=integrated.new_size, root_hash=integrated.root_hash
    )
    return integrated


def _waiting(
    taken: Iterable[PendingStatement], anchors: Iterable[bytes]
) -> Iterator[_Waiting]:
    """Everything that becomes a leaf, in order; anchors are of no statement."""
    for statement in taken:
        for position, (kind, tag, commitment) in enumerate(statement.leaves):
            yield statement.statement_id, position, kind, tag, commitment
    for commitment in anchors:
        yield None, 0, int(LeafType.ANCHOR), ANCHOR_TAG, commitment


def _edge_of(state: TreeState) -> RootBuilder:
    edge = bytes(state.frontier)
    return RootBuilder.from_frontier(
        size=state.size,
        frontier=[edge[at : at + HASH_SIZE] for at in range(0, len(edge), HASH_SIZE)],
    )


def _find_heads(tags: Collection[bytes]) -> dict[bytes, _Head]:
    return {
        tag: (count, digest, index)
        for tag, count, digest, index in queries.find_entries(tags)
    }


def _grow(tree: _Growing, waiting: Iterable[_Waiting]) -> None:
    """Make leaves of all that waits: write them and the heads, add both to `tree`."""
    rows = list(_place(tree, waiting))
    # Ascending: so the database's index takes them fastest.
    changed = {tag: tree.heads[tag] for tag in sorted({row[5] for row in rows})}

    def write() -> None:
        ledger.append_leaves(rows=rows)
        _write_heads(changed)

    def derive() -> None:
        tree.edge.extend(row[-1] for row in rows)
        tree.map_tree.update_hashes(
            {tag: map_value_hash(*head) for tag, head in changed.items()}
        )

    beside(write=write, derive=derive, rows=len(rows))


def _place(tree: _Growing, waiting: Iterable[_Waiting]) -> Iterator[LeafRow]:
    """The rows of all leaves in order; `tree.heads` moves with them."""
    heads, time_ms = tree.heads, tree.time_ms
    for index, (statement_id, position, kind, tag, commitment) in enumerate(
        waiting, tree.edge.size
    ):
        seq, previous, _ = heads.get(tag, _NO_HEAD)
        entry = encode_leaf(kind, time_ms, tag, seq, previous, commitment)
        digest = leaf_hash(entry)
        heads[tag] = (seq + 1, digest, index)
        yield (
            *(index, statement_id, position, kind, time_ms),
            *(tag, seq, previous, commitment, digest),
        )


def _move_tree(state: TreeState, tree: _Growing, map_root: bytes) -> Integrated:
    size, root_hash = tree.edge.size, tree.edge.root()
    moved = TreeState.objects.filter(id=_TREE, size=state.size).update(
        size=size,
        root_hash=root_hash,
        frontier=b"".join(tree.edge.frontier),
        time_ms=tree.time_ms,
    )
    if moved != 1:
        raise LedgerConflict("tree_moved", got=state.size)
    Checkpoint.objects.create(
        size=size, root_hash=root_hash, map_root=map_root, time_ms=tree.time_ms
    )
    return Integrated(state.size, size, root_hash, map_root, tree.time_ms)


def _write_heads(heads: Mapping[bytes, _Head]) -> None:
    rows = [(tag, *head) for tag, head in heads.items()]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tags, counts, digests, indices = zip(*rows, strict=True)
            numbers = [f"{{{','.join(map(str, each))}}}" for each in (counts, indices)]
            cursor.execute(
                _UPSERT_ARRAYS, [list(tags), numbers[0], list(digests), numbers[1]]
            )
        else:
            cursor.executemany(_UPSERT_ROW, rows)
