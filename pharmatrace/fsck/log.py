"""Leaves, chains, roots, the map and the published files, in one pass by index."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from apps.anchoring import queries as anchoring
from apps.anchoring.queries import HeadRow
from apps.core.leaf import MAP_ROOT_TAG, LeafType
from apps.edge.cycles import no_search
from apps.ledger import queries as ledger
from apps.ledger.queries import LeafColumns
from pharmatrace.fsck.anchors import check_anchors
from pharmatrace.fsck.chains import ChainChecker
from pharmatrace.fsck.files import TreeChecker, check_recalls
from pharmatrace.fsck.finding import Finding
from pharmatrace.fsck.leaves import LeafChecker
from pharmatrace.fsck.maps import MapChecker, derive_roots
from pharmatrace.fsck.outside import Outside
from pharmatrace.fsck.progress import Tick, silent


def check_log(outside: Outside, *, tick: Tick = silent) -> Iterator[Finding]:
    """Every difference between leaves, heads, map, tree state and files."""
    published = outside.published_size
    size = ledger.count_leaves()
    with derive_roots(tags=anchoring.count_heads(), leaves=size) as beside:
        walk = _Walk(published, MapChecker(beside))
        for page in ledger.iter_leaf_columns(stop=size):
            with no_search():
                found = list(walk.take(page))
            yield from found
            tick("leaves", walk.leaves.count, size)
        yield from walk.finish(size)
    yield from walk.chains.finish(size)
    yield from check_recalls(published, files=outside.recalls)
    yield from check_anchors(published, files=outside.anchors)


class _Walk:
    """What is derived from the leaves so far."""

    def __init__(self, published: int, map_checker: MapChecker) -> None:
        self.leaves = LeafChecker()
        self.chains = ChainChecker()
        self._tree = TreeChecker(published)
        self._map = map_checker
        self._heads = anchoring.iter_heads()
        self._head = next(self._heads, None)
        self._covered = 0  # leaves under the last head that was met

    def take(self, page: LeafColumns) -> Iterator[Finding]:
        """The next leaves."""
        yield from self.leaves.check(page)
        self.chains.take(page)
        roots = [at for at, tag in enumerate(page.tags) if tag == MAP_ROOT_TAG]
        yield from self._check_map(page, roots)
        yield from self._check_tree(page, roots)

    def finish(self, size: int) -> Iterator[Finding]:
        """After the last of `size` leaves."""
        if self.leaves.count != size:
            where = f"leaf {self.leaves.count}"
            yield Finding("leaves_not_dense", where, wanted=str(size))
        if self._head is not None:
            where = f"checkpoint {self._head.size}"
            yield Finding("leaves_missing", where, got=str(size))
        if self._covered < self.leaves.size:
            yield Finding("leaves_beyond_checkpoint", f"leaf {self.leaves.size - 1}")
        yield from self._map.finish()
        yield from self._check_state()

    def _check_map(self, page: LeafColumns, roots: Sequence[int]) -> Iterator[Finding]:
        """Each map root is the map over all leaves before it."""
        for start, stop in pairwise([0, *roots, len(page.tags)]):
            self._map.take(
                page.tags[start:stop],
                page.chain_seqs[start:stop],
                page.leaf_hashes[start:stop],
                page.indexes[start:stop],
            )
            if stop < len(page.tags):
                is_root = page.types[stop] == LeafType.MAP_ROOT
                said = page.commitments[stop] if is_root else b""
                yield from self._map.check(page.indexes[stop], said)

    def _check_tree(self, page: LeafColumns, roots: Sequence[int]) -> Iterator[Finding]:
        """The tree takes the stored hashes: a leaf that was changed is named once.

        Else it would be named at every head above it, too.
        """
        entries, hashes = self.leaves.entries, page.leaf_hashes
        heads = {head.size: head for head in self._heads_up_to(page.indexes[-1] + 1)}
        places = {bisect_left(page.indexes, size - 1) for size in heads}
        done = 0
        for at in sorted(places.union(roots)):
            yield from self._tree.extend(entries[done : at + 1], hashes[done : at + 1])
            done, size = at + 1, page.indexes[at] + 1
            if size in heads:
                yield from self._check_head(page, at, heads.pop(size))
            else:
                # A map root is the last leaf of a run: a head was committed with it.
                yield Finding("checkpoint_missing", f"checkpoint {size}")
        yield from self._tree.extend(entries[done:], hashes[done:])
        for size in heads:
            yield Finding("leaves_missing", f"checkpoint {size}")

    def _heads_up_to(self, size: int) -> Iterator[HeadRow]:
        while self._head is not None and self._head.size <= size:
            yield self._head
            self._head = next(self._heads, None)

    def _check_head(
        self, page: LeafColumns, at: int, head: HeadRow
    ) -> Iterator[Finding]:
        """A head against the tree and its last leaf, which stands at `at`."""
        where, root = f"checkpoint {head.size}", self._tree.root()
        self._covered = head.size
        if head.root_hash != root:
            yield Finding("root_differs", where, head.root_hash.hex(), root.hex())
        is_root = page.types[at] == LeafType.MAP_ROOT
        if not is_root or head.map_root != page.commitments[at]:
            yield Finding("map_root_differs", where, head.map_root.hex())
        if head.time_ms != page.times_ms[at]:
            got, wanted = str(head.time_ms), str(page.times_ms[at])
            yield Finding("time_differs", where, got, wanted)

    def _check_state(self) -> Iterator[Finding]:
        state, tree = anchoring.find_tree(), self._tree
        if state is None:
            if tree.size:
                yield Finding("tree_missing", "tree", wanted=str(tree.size))
            return
        for fact, got, wanted in (
            ("size", str(state.size), str(tree.size)),
            ("root", bytes(state.root_hash).hex(), tree.root().hex()),
            ("edge", bytes(state.frontier).hex(), b"".join(tree.frontier).hex()),
            ("time", str(state.time_ms), str(self.leaves.time_ms)),
        ):
            if got != wanted:
                yield Finding(f"tree_{fact}_differs", "tree", got, wanted)
