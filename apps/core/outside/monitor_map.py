"""The map from tags to heads, derived again in bounded memory.

Its heads lie in the monitor's state; here are the upper levels of the map's tree, at
most 18 of them in 50 MB, and the heads below them that the leaves at hand touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final, Protocol, TypeAlias

from ..leaf import ZEROS
from ..maproots import MOST_DEPTH, MapRoots, leaf_of_tag
from ..merkle import HASH_SIZE

_LEAST_DEPTH: Final = 16
_KEY_BITS: Final = 8 * HASH_SIZE
# About 40 MB as Python objects; beyond it all that is saved is let go.
_MOST_HELD: Final = 100_000


# What the map says of a tag: how many leaves it has, the hash of the last one, its index;
# and whether its chain has what may be erased. A plain tuple: one is made for each leaf.
Head: TypeAlias = tuple[int, bytes, int, bool]
NO_HEAD: Final[Head] = (0, ZEROS, 0, False)


class HeadRows(Protocol):
    """The heads that were saved, ascending by tag."""

    def count_heads(self) -> int:
        """How many there are."""
        ...

    def list_heads(self, first: bytes, last: bytes) -> Iterator[tuple[bytes, Head]]:
        """Those from tag `first` up to and with tag `last`."""
        ...


class HeadMap:
    """The heads of all tags, and their map's root, over rows that were saved.

    Loading reads every row once, some ten seconds a million tags.
    """

    def __init__(self, rows: HeadRows) -> None:
        self._rows = rows
        self._heads: dict[bytes, Head] = {}
        self._held: set[int] = set()  # buckets whose heads are all here
        self._changed: set[bytes] = set()
        self._unsaved: set[bytes] = set()
        self._load()

    @property
    def tags(self) -> int:
        """How many tags there were at the last `root`."""
        return self._roots.tags

    def find(self, tag: bytes) -> Head:
        """The head of a tag; `NO_HEAD` before its first leaf."""
        head = self._heads.get(tag)
        if head is not None:
            return head
        if (bucket := self._roots.bucket_of(tag)) not in self._held:
            self._hold(bucket)
        return self._heads.get(tag, NO_HEAD)

    def put(self, heads: Mapping[bytes, Head]) -> None:
        """The heads of tags after more leaves; each was asked for by `find`."""
        self._heads.update(heads)
        self._changed.update(heads)

    def root(self) -> bytes:
        """The map's root over all leaves so far."""
        heads = self._heads
        self._roots.update({tag: _leaf(tag, heads[tag]) for tag in self._changed})
        self._unsaved |= self._changed
        self._changed.clear()
        return self._roots.root

    def list_unsaved(self) -> list[tuple[bytes, Head]]:
        """The heads that differ from the saved ones, as of the last `root`."""
        return [(tag, self._heads[tag]) for tag in self._unsaved]

    def forget_saved(self) -> None:
        """The unsaved heads were saved: they may be let go."""
        self._unsaved.clear()
        if len(self._heads) > _MOST_HELD:
            self._heads.clear()
            self._held.clear()
            self._roots.let_go()
        # Keep more levels where there are more tags; all heads are saved.
        if self._roots.depth < MOST_DEPTH and self.tags >> self._roots.depth - 1:
            self._load()

    def _load(self) -> None:
        count = self._rows.count_heads()
        wanted = max(_LEAST_DEPTH, count.bit_length() + 1)
        self._roots = roots = MapRoots(depth=min(wanted, MOST_DEPTH))
        self._heads.clear()
        self._held.clear()
        rows = self._rows.list_heads(ZEROS, b"\xff" * HASH_SIZE)
        for bucket, group in groupby(rows, key=lambda row: roots.bucket_of(row[0])):
            heads = list(group)
            leaves = [(tag, _leaf(tag, head)) for tag, head in heads]
            roots.load(leaves)
            if count <= _MOST_HELD:
                self._heads.update(heads)
                self._held.add(bucket)
                roots.keep(bucket, leaves)
        roots.finish()

    def _hold(self, bucket: int) -> None:
        self._held.add(bucket)
        if self._roots.is_empty(bucket):
            return
        below = _KEY_BITS - self._roots.depth
        first = (bucket << below).to_bytes(HASH_SIZE, "big")
        last = ((bucket + 1 << below) - 1).to_bytes(HASH_SIZE, "big")
        rows = list(self._rows.list_heads(first, last))
        self._heads.update(rows)
        self._roots.keep(bucket, [(tag, _leaf(tag, head)) for tag, head in rows])


def _leaf(tag: bytes, head: Head) -> bytes:
    length, leaf_hash, last_index, _ = head
    return leaf_of_tag(tag, length, leaf_hash, last_index)
