"""The map from tags to heads, derived again in bounded memory.

Its heads lie in the monitor's state; here are the upper levels of the map's tree, at
most 18 of them in 50 MB, and the parts below them that the leaves at hand touch. It
is derived by code of its own: a mistake of the site's map must not be made twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from typing import Final, NamedTuple, Protocol

from ..leaf import ZEROS
from ..map import EMPTY_MAP, key_bit, map_node_hash
from ..merkle import HASH_SIZE

# The levels kept: so many that a bucket below them holds one tag or none, and at most
# so many that at a million tags it holds four.
_LEAST_DEPTH: Final = 14
_MOST_DEPTH: Final = 18
_KEY_BITS: Final = 8 * HASH_SIZE
_NONE, _ONE, _MANY = 0, 1, 2
# About 40 MB as Python objects; beyond it all that is saved is let go.
_MOST_HELD: Final = 100_000
_VALUE: Final = struct.Struct(">Q32sQ")


class Head(NamedTuple):
    """What the map says of a tag, and whether its chain has what may be erased."""

    length: int
    leaf_hash: bytes
    last_index: int
    is_erasable: bool


NO_HEAD: Final = Head(0, ZEROS, 0, False)  # noqa: FBT003  # a row, not a switch
_Leaves = list[tuple[bytes, bytes]]


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
        self.tags = 0
        self._rows = rows
        self._heads: dict[bytes, Head] = {}
        self._held: dict[int, dict[bytes, bytes]] = {}
        self._changed: set[bytes] = set()
        self._unsaved: set[bytes] = set()
        self._load()

    def find(self, tag: bytes) -> Head:
        """The head of a tag; `NO_HEAD` before its first leaf."""
        head = self._heads.get(tag)
        if head is not None:
            return head
        if (bucket := self._bucket_of(tag)) not in self._held:
            self._hold(bucket)
        return self._heads.get(tag, NO_HEAD)

    def put(self, tag: bytes, head: Head) -> None:
        """The head of a tag after one more leaf; the tag was asked for by `find`."""
        self._heads[tag] = head
        self._changed.add(tag)

    def root(self) -> bytes:
        """The map's root over all leaves so far."""
        heads, held, shift = self._heads, self._held, 24 - self._depth
        touched = {}
        for tag in self._changed:
            bucket = int.from_bytes(tag[:3], "big") >> shift
            leaves = touched[bucket] = held[bucket]
            self.tags += tag not in leaves
            leaves[tag] = _leaf_hash(tag, heads[tag])
        for bucket, leaves in touched.items():
            self._set_bucket(bucket, leaves)
        self._rehash_above(touched)
        self._unsaved |= self._changed
        self._changed.clear()
        return self._hashes[1]

    def list_unsaved(self) -> list[tuple[bytes, Head]]:
        """The heads that differ from the saved ones, as of the last `root`."""
        return [(tag, self._heads[tag]) for tag in self._unsaved]

    def forget_saved(self) -> None:
        """The unsaved heads were saved: they may be let go."""
        self._unsaved.clear()
        if len(self._heads) > _MOST_HELD:
            self._heads.clear()
            self._held.clear()
        self._deepen()

    def _deepen(self) -> None:
        """Keep more levels where there are more tags; all heads are saved."""
        if self._depth < _MOST_DEPTH and self.tags >> self._depth:
            self._load()

    def _load(self) -> None:
        wanted = max(_LEAST_DEPTH, self._rows.count_heads().bit_length())
        self._depth = depth = min(wanted, _MOST_DEPTH)
        self._first = 1 << depth
        # A heap: node 1 is the root, node n has the children 2n and 2n + 1, and
        # the buckets are the last level.
        self._hashes = [EMPTY_MAP] * (2 << depth)
        self._kinds = bytearray(2 << depth)
        self._heads.clear()
        self._held.clear()
        self.tags = 0
        touched = []
        rows = self._rows.list_heads(ZEROS, b"\xff" * HASH_SIZE)
        for bucket, group in groupby(rows, key=lambda row: self._bucket_of(row[0])):
            leaves = {tag: _leaf_hash(tag, head) for tag, head in group}
            self.tags += len(leaves)
            self._set_bucket(bucket, leaves)
            touched.append(bucket)
        self._rehash_above(touched)

    def _hold(self, bucket: int) -> None:
        held = self._held[bucket] = {}
        if self._kinds[self._first + bucket] == _NONE:
            return
        below = _KEY_BITS - self._depth
        first = (bucket << below).to_bytes(HASH_SIZE, "big")
        last = ((bucket + 1 << below) - 1).to_bytes(HASH_SIZE, "big")
        for tag, head in self._rows.list_heads(first, last):
            self._heads[tag] = head
            held[tag] = _leaf_hash(tag, head)

    def _bucket_of(self, tag: bytes) -> int:
        return int.from_bytes(tag[:3], "big") >> 24 - self._depth

    def _set_bucket(self, bucket: int, leaves: dict[bytes, bytes]) -> None:
        node = self._first + bucket
        if len(leaves) == 1:
            (self._hashes[node],) = leaves.values()
            self._kinds[node] = _ONE
        else:
            self._hashes[node] = _subtree(sorted(leaves.items()), self._depth)
            self._kinds[node] = _MANY

    def _rehash_above(self, buckets: Iterable[int]) -> None:
        hashes, kinds = self._hashes, self._kinds
        nodes = {(self._first + bucket) >> 1 for bucket in buckets}
        while nodes:
            for node in nodes:
                left, right = 2 * node, 2 * node + 1
                kind = kinds[left] + kinds[right]
                if kind > _ONE:
                    pair = b"\x03" + hashes[left] + hashes[right]
                    hashes[node] = sha256(pair).digest()
                    kinds[node] = _MANY
                else:
                    hashes[node] = hashes[left] if kinds[left] else hashes[right]
                    kinds[node] = kind
            nodes = {node >> 1 for node in nodes if node > 1}


def _leaf_hash(tag: bytes, head: Head) -> bytes:
    value = _VALUE.pack(head.length, head.leaf_hash, head.last_index)
    return sha256(b"\x02" + tag + sha256(value).digest()).digest()


def _subtree(leaves: _Leaves, depth: int) -> bytes:
    """The hash over one or more sorted leaves that agree in their first bits."""
    if len(leaves) == 1:
        return leaves[0][1]
    first, last = leaves[0][0], leaves[-1][0]
    differing = int.from_bytes(first, "big") ^ int.from_bytes(last, "big")
    shared = _KEY_BITS - differing.bit_length()
    split = 1
    while not key_bit(leaves[split][0], shared):
        split += 1
    left = _subtree(leaves[:split], shared + 1)
    root = map_node_hash(left, _subtree(leaves[split:], shared + 1))
    for above in range(shared - 1, depth - 1, -1):
        is_right = key_bit(first, above)
        pair = (EMPTY_MAP, root) if is_right else (root, EMPTY_MAP)
        root = map_node_hash(*pair)
    return root
