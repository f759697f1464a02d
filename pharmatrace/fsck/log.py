"""Leaves, chains, roots, the map and the published files, in one pass by index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from apps.anchoring import queries as anchoring
from apps.anchoring.models import Checkpoint
from apps.core.errors import IntegrityBreach, TraceError
from apps.core.leaf import MAP_ROOT_TAG, ZEROS, LeafType
from apps.core.map import MapValue
from apps.core.mapbuild import MapTree
from apps.core.merkle import RootBuilder, leaf_hash
from apps.ledger import queries as ledger
from apps.ledger.queries import StoredLeaf
from pharmatrace.fsck.anchors import check_anchors
from pharmatrace.fsck.files import FileChecker, check_recalls
from pharmatrace.fsck.finding import Finding, finding_of
from pharmatrace.fsck.progress import Tick, silent, watched

_OF_NO_STATEMENT = (LeafType.MAP_ROOT, LeafType.ANCHOR)  # the log itself makes them
_PAGE = 1_000  # leaves whose predecessors are looked up at once


@dataclass(slots=True)
class _Walk:
    """What is derived from the leaves so far."""

    files: FileChecker
    builder: RootBuilder = field(default_factory=RootBuilder)
    map_tree: MapTree = field(default_factory=MapTree)
    changed: dict[bytes, MapValue] = field(default_factory=dict)
    time_ms: int = 0


def check_log(*, tick: Tick = silent) -> Iterator[Finding]:
    """Every difference between leaves, heads, map, tree state and files."""
    published = _published_size()
    walk = _Walk(FileChecker(published))
    size = ledger.count_leaves()
    rows = watched(
        ledger.list_leaves(start=0, stop=size), stage="leaves", total=size, tick=tick
    )
    heads = anchoring.iter_checkpoints()
    head = next(heads, None)
    while page := list(islice(rows, _PAGE)):
        yield from _check_chains(page)
        for row in page:
            yield from _check_leaf(walk, row)
            if head is not None and walk.builder.size == head.size:
                yield from _check_head(walk, row, head)
                head = next(heads, None)
            elif row.tag == MAP_ROOT_TAG:
                # The last leaf of a run: a head was committed with it.
                yield Finding("checkpoint_missing", f"checkpoint {walk.builder.size}")
    if walk.builder.size != size:
        yield Finding("leaves_not_dense", f"leaf {walk.builder.size}", wanted=str(size))
    if head is not None:
        yield Finding("leaves_missing", f"checkpoint {head.size}", got=str(size))
    if walk.changed:
        yield Finding("leaves_beyond_checkpoint", f"leaf {size - 1}")
    yield from _check_tree(walk)
    yield from _check_map(walk)
    yield from check_recalls(published)
    yield from check_anchors(published)


def _published_size() -> int:
    try:
        published = anchoring.newest_checkpoint()
    except IntegrityBreach:
        return 0  # `check_heads` names it
    return published.size if published else 0


def _check_chains(page: list[StoredLeaf]) -> Iterator[Finding]:
    """Each leaf against the one that it names as its predecessor."""
    named = {row.prev_leaf_hash for row in page if row.chain_seq}
    before = ledger.leaves_by_hash(named)
    for row in page:
        if row.chain_seq == 0:
            if row.prev_leaf_hash != ZEROS:
                yield Finding("chain_broken", f"leaf {row.index}", wanted="zeros")
            continue
        previous = before.get(row.prev_leaf_hash)
        link = (row.tag, row.chain_seq - 1)
        if previous is None or (previous.tag, previous.chain_seq) != link:
            yield Finding("chain_broken", f"leaf {row.index}", row.prev_leaf_hash.hex())
        elif previous.index >= row.index:
            yield Finding("chain_runs_back", f"leaf {row.index}", str(previous.index))


def _check_leaf(walk: _Walk, row: StoredLeaf) -> Iterator[Finding]:
    where = f"leaf {row.index}"
    if row.index != walk.builder.size:
        yield Finding("leaves_not_dense", where, wanted=str(walk.builder.size))
    try:
        entry = row.leaf.encode()
    except TraceError as error:
        yield finding_of(error, where)
        entry = b""
    digest = leaf_hash(entry)
    if digest != row.leaf_hash:
        yield Finding("leaf_hash_differs", where, digest.hex(), row.leaf_hash.hex())
    if row.statement_id is None and row.type not in _OF_NO_STATEMENT:
        yield Finding("leaf_without_statement", where)
    if row.time_ms < walk.time_ms:
        yield Finding("time_runs_back", where, str(row.time_ms), str(walk.time_ms))
    walk.time_ms = max(walk.time_ms, row.time_ms)
    # The tree takes the stored hash: an entry that was changed is named once, here,
    # and not at every head above it.
    walk.builder.append(row.leaf_hash)
    if row.tag == MAP_ROOT_TAG:
        # The map root is the map over all leaves before it.
        yield from _check_map_root(walk, row)
    walk.changed[row.tag] = MapValue(row.chain_seq + 1, row.leaf_hash, row.index)
    yield from walk.files.add(entry, row.leaf_hash)


def _check_map_root(walk: _Walk, row: StoredLeaf) -> Iterator[Finding]:
    walk.map_tree.update(dict(walk.changed))
    walk.changed.clear()
    root = walk.map_tree.root()
    if row.type != LeafType.MAP_ROOT or row.commitment != root:
        yield Finding(
            "map_root_differs", f"leaf {row.index}", row.commitment.hex(), root.hex()
        )


def _check_head(walk: _Walk, row: StoredLeaf, head: Checkpoint) -> Iterator[Finding]:
    where, root = f"checkpoint {head.size}", walk.builder.root()
    walk.map_tree.update(dict(walk.changed))
    walk.changed.clear()
    if bytes(head.root_hash) != root:
        yield Finding("root_differs", where, bytes(head.root_hash).hex(), root.hex())
    if row.type != LeafType.MAP_ROOT or bytes(head.map_root) != row.commitment:
        yield Finding("map_root_differs", where, bytes(head.map_root).hex())
    if head.time_ms != row.time_ms:
        yield Finding("time_differs", where, str(head.time_ms), str(row.time_ms))


def _check_tree(walk: _Walk) -> Iterator[Finding]:
    tree = anchoring.find_tree()
    if tree is None:
        if walk.builder.size:
            yield Finding("tree_missing", "tree", wanted=str(walk.builder.size))
        return
    for fact, got, wanted in (
        ("size", str(tree.size), str(walk.builder.size)),
        ("root", bytes(tree.root_hash).hex(), walk.builder.root().hex()),
        ("edge", bytes(tree.frontier).hex(), b"".join(walk.builder.frontier).hex()),
        ("time", str(tree.time_ms), str(walk.time_ms)),
    ):
        if got != wanted:
            yield Finding(f"tree_{fact}_differs", "tree", got, wanted)


def _check_map(walk: _Walk) -> Iterator[Finding]:
    """The stored heads of all tags, by the root that they have together."""
    walk.map_tree.update(dict(walk.changed))
    stored = MapTree()
    heads = anchoring.list_heads()
    while page := dict(islice(heads, _PAGE)):
        stored.update(page)
    if stored.root() == walk.map_tree.root():
        return
    yield Finding("map_differs", "map", stored.root().hex(), walk.map_tree.root().hex())
    yield from _name_heads()


def _name_heads() -> Iterator[Finding]:
    """Which tags' heads are not the last leaves of their chains."""
    for tag, value in anchoring.list_heads():
        last = ledger.chain_of(tag, limit=1)
        found = (
            MapValue(last[0].chain_seq + 1, last[0].leaf_hash, last[0].index)
            if last
            else None
        )
        if found != value:
            yield Finding("map_entry_differs", f"tag {tag.hex()}")
