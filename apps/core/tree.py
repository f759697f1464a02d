"""The builder half of the Merkle tree: roots and proofs from any source of hashes.

A source answers for perfect subtrees only; everything on the ragged right edge is
put together here. Sources: `MemoryTree` below and `tiles.TileHashes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from .merkle import EMPTY_ROOT, RootBuilder, node_hash


class HashSource(Protocol):
    """Answers the hash of a perfect subtree."""

    def node(self, level: int, index: int) -> bytes:
        """The root over the leaves [index · 2^level, (index + 1) · 2^level)."""
        ...


class MemoryTree:
    """A tree whose perfect subtrees are all held in memory, 64 bytes a leaf."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [list(leaf_hashes)]
        while len(below := self._levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)
            self._levels.append([node_hash(left, right) for left, right in pairs])

    @property
    def size(self) -> int:
        """How many leaves the tree holds."""
        return len(self._levels[0])

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf hash at the right."""
        level = 0
        self._levels[0].append(leaf_hash)
        while len(self._levels[level]) % 2 == 0:
            if level + 1 == len(self._levels):
                self._levels.append([])
            left, right = self._levels[level][-2:]
            self._levels[level + 1].append(node_hash(left, right))
            level += 1

    def node(self, level: int, index: int) -> bytes:
        """The root of a perfect subtree that is wholly in the tree."""
        return self._levels[level][index]

    def root(self, tree_size: int | None = None) -> bytes:
        """The tree hash over the first `tree_size` leaves, or over all."""
        return root_of(self, tree_size=self.size if tree_size is None else tree_size)


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 6962 section 2.1, k)."""
    return 1 << (size - 1).bit_length() - 1


def _perfect_parts(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees, as (level, index), that cover [start, end) of a node.

    `start` must be aligned as RFC 6962's splitting makes it: a multiple of the
    power of two at or above the length.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def range_hash(source: HashSource, start: int, end: int) -> bytes:
    """The hash over the leaves [start, end), which must be a node of RFC 6962's tree."""
    parts = [source.node(level, index) for level, index in _perfect_parts(start, end)]
    root = parts.pop()
    while parts:
        root = node_hash(parts.pop(), root)
    return root


def root_of(source: HashSource, *, tree_size: int) -> bytes:
    """The tree hash over the first `tree_size` leaves of the source."""
    return range_hash(source, 0, tree_size) if tree_size else EMPTY_ROOT


def frontier_of(source: HashSource, *, tree_size: int) -> tuple[bytes, ...]:
    """The right edge that `RootBuilder.from_frontier` goes on from."""
    return tuple(
        source.node(level, index) for level, index in _perfect_parts(0, tree_size)
    )


def _siblings(index: int, tree_size: int) -> list[tuple[int, int]]:
    """The ranges whose hashes make up the inclusion path, leaf's sibling first."""
    if not 0 <= index < tree_size:
        raise RuntimeError(f"no leaf {index} in a tree of {tree_size}")
    start, end = 0, tree_size
    ranges = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def inclusion_path(source: HashSource, *, index: int, tree_size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `tree_size` leaves.

    Source: RFC 6962 section 2.1.1, PATH.
    """
    ranges = _siblings(index, tree_size)
    return [range_hash(source, start, end) for start, end in ranges]


def stream_inclusion_path(
    leaf_hashes: Iterable[bytes], *, index: int, tree_size: int
) -> list[bytes]:
    """The same proof from one pass over all leaf hashes, in O(log size) memory."""
    ranges = _siblings(index, tree_size)
    hashes: dict[tuple[int, int], bytes] = {}
    leaves = iter(leaf_hashes)
    for start, end in sorted([*ranges, (index, index + 1)]):
        builder = RootBuilder()
        builder.extend(islice(leaves, end - start))
        if builder.size != end - start:
            raise RuntimeError(f"the stream ended before leaf {end}")
        hashes[start, end] = builder.root()
    return [hashes[part] for part in ranges]


def consistency_path(
    source: HashSource, *, old_size: int, new_size: int
) -> list[bytes]:
    """The proof that the tree of `new_size` leaves only appends to `old_size`.

    Empty where there is nothing to prove: equal sizes, or an empty old tree.
    Source: RFC 6962 section 2.1.2, SUBPROOF.
    """
    if not 0 <= old_size <= new_size:
        raise RuntimeError(f"no growth from {old_size} to {new_size}")
    if old_size in (0, new_size):
        return []
    start, end = 0, new_size
    ranges = []
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        # Only a part of the old tree is known to be a node of the new one.
        ranges.append((start, end))
    return [range_hash(source, start, end) for start, end in reversed(ranges)]
