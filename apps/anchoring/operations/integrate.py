"""Step 2 of the order of durable steps: what waits becomes leaves, at once.

One transaction: take whole statements, then receipts of anchors, give dense indices
and places in the chains, write leaves, the map, the map-root leaf last, and move the
tree by compare-and-swap.
Nothing is judged here and nothing is signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from django.db import connection, transaction

from apps.anchoring import queries
from apps.anchoring.models import Checkpoint, TreeState
from apps.anchoring.operations import map_cache
from apps.anchoring.operations.anchor_rows import take_anchors
from apps.anchoring.operations.map_cache import Heads
from apps.core.errors import LedgerConflict
from apps.core.leaf import ANCHOR_TAG, MAP_ROOT_TAG, ZEROS, Leaf, LeafType
from apps.core.map import MapValue
from apps.core.merkle import EMPTY_ROOT, HASH_SIZE, RootBuilder
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
_UPSERT_ARRAYS: Final = _UPSERT.format(
    "SELECT * FROM unnest(%s::bytea[], %s::bigint[], %s::bytea[], %s::bigint[])"
)
_UPSERT_ROW: Final = _UPSERT.format("VALUES (%s, %s, %s, %s)")


# Statement and position, type, tag, commitment.
_Owner: TypeAlias = tuple[str | None, int]
_Waiting: TypeAlias = tuple[_Owner, LeafType, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Integrated:
    """What one run added to the tree."""

    old_size: int
    new_size: int
    root_hash: bytes
    map_root: bytes
    time_ms: int


def integrate_pending(*, at: datetime, limit_leaves: int) -> Integrated | None:
    """Commit pending statements and anchors as leaves; None if there is nothing to do.

    None also where another sequencer is at work: its run is as good as ours.

    Raises:
        Unavailable: `quarantined`.
        LedgerConflict: somebody else moved the tree or took from the queue.
    """
    # Durable: what is signed next must be committed.
    with transaction.atomic(durable=True):
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
    time_ms = max(
        as_ms(at), state.time_ms, *(statement.accepted_ms for statement in taken)
    )
    tags = {tag for statement in taken for _, tag, _ in statement.leaves}
    tags |= {ANCHOR_TAG} if anchors else set()
    heads = queries.find_heads({*tags, MAP_ROOT_TAG})
    waiting = _waiting(taken, anchors)
    rows = list(_place(waiting, heads=heads, index=state.size, time_ms=time_ms))
    changed = {tag: heads[tag] for tag in tags}
    tree = map_cache.load(state)
    tree.update(changed)
    map_root = tree.root()
    last = _map_root_row(
        map_root, heads=heads, index=state.size + len(rows), time_ms=time_ms
    )
    rows.append(last)
    changed[MAP_ROOT_TAG] = heads[MAP_ROOT_TAG]
    tree.update({MAP_ROOT_TAG: heads[MAP_ROOT_TAG]})
    integrated = _commit_tree(state, rows, map_root=map_root, time_ms=time_ms)
    _write_heads(changed)
    map_cache.keep(tree, size=integrated.new_size, root_hash=integrated.root_hash)
    return integrated


def _waiting(
    taken: Iterable[PendingStatement], anchors: Iterable[bytes]
) -> Iterator[_Waiting]:
    """Everything that becomes a leaf, in order; anchors are of no statement."""
    for statement in taken:
        for position, (kind, tag, commitment) in enumerate(statement.leaves):
            owner = (statement.statement_id, position)
            yield owner, LeafType(kind), tag, commitment
    for commitment in anchors:
        yield (None, 0), LeafType.ANCHOR, ANCHOR_TAG, commitment


def _place(
    waiting: Iterable[_Waiting], *, heads: Heads, index: int, time_ms: int
) -> Iterator[LeafRow]:
    """The rows of all leaves in order; `heads` moves with them."""
    for index_now, (owner, kind, tag, commitment) in enumerate(waiting, index):
        yield _row(owner, kind, tag, commitment, heads, index_now, time_ms)


def _map_root_row(
    map_root: bytes, *, heads: Heads, index: int, time_ms: int
) -> LeafRow:
    kind, tag = LeafType.MAP_ROOT, MAP_ROOT_TAG
    return _row((None, 0), kind, tag, map_root, heads, index, time_ms)


def _row(
    owner: _Owner,
    kind: LeafType,
    tag: bytes,
    commitment: bytes,
    heads: Heads,
    index: int,
    time_ms: int,
) -> LeafRow:
    head = heads.get(tag)
    seq, previous = (head.count, head.head_leaf_hash) if head else (0, ZEROS)
    digest = Leaf(kind, time_ms, tag, seq, previous, commitment).leaf_hash
    heads[tag] = MapValue(seq + 1, digest, index)
    statement_id, position = owner
    return (
        *(index, statement_id, position, int(kind), time_ms),
        *(tag, seq, previous, commitment, digest),
    )


def _commit_tree(
    state: TreeState, rows: list[LeafRow], *, map_root: bytes, time_ms: int
) -> Integrated:
    edge = bytes(state.frontier)
    builder = RootBuilder.from_frontier(
        size=state.size,
        frontier=[edge[at : at + HASH_SIZE] for at in range(0, len(edge), HASH_SIZE)],
    )
    builder.extend(row[-1] for row in rows)
    ledger.append_leaves(rows=rows)
    root_hash = builder.root()
    moved = TreeState.objects.filter(id=_TREE, size=state.size).update(
        size=builder.size,
        root_hash=root_hash,
        frontier=b"".join(builder.frontier),
        time_ms=time_ms,
    )
    if moved != 1:
        raise LedgerConflict("tree_moved", got=state.size)
    Checkpoint.objects.create(
        size=builder.size, root_hash=root_hash, map_root=map_root, time_ms=time_ms
    )
    return Integrated(state.size, builder.size, root_hash, map_root, time_ms)


def _write_heads(heads: Heads) -> None:
    rows = [
        (tag, head.count, head.head_leaf_hash, head.last_index)
        for tag, head in heads.items()
    ]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(_UPSERT_ARRAYS, columns)
        else:
            cursor.executemany(_UPSERT_ROW, rows)
