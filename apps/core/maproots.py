"""The map's roots, one after the other, for those who check them.

`mapbuild` makes the map and proves from it. Monitor and `fsck` derive its roots by this
code and not by that: a mistake of the one must not be made twice. Here tags come and
change and never go, and nothing is proven, so a changed tag costs little more than the
hashes above it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from typing import Final, TypeAlias

from .map import EMPTY_MAP, KEY_BITS, key_bit
from .merkle import HASH_SIZE

# The nodes of so many levels take 45 MB; beyond them the buckets grow.
MOST_DEPTH: Final = 18
_NONE, _ONE, _MANY = 0, 1, 2
_RECORD: Final = struct.Struct("32s32s")  # a tag, the hash of its leaf
_VALUE: Final = struct.Struct(">Q32sQ")
_Leaves = Sequence[tuple[bytes, bytes]]  # tag, hash of its leaf in the map


def leaf_of_tag(tag: bytes, count: int, head: bytes, last_index: int) -> bytes:
    """The hash of the leaf that says of `tag` how many leaves it has, and the last."""
    value = sha256(_VALUE.pack(count, head, last_index)).digest()
    return sha256(b"\x02" + tag + value).digest()


# What changed up to a map root: tag, number, hash and index of its last leaf. The number
# counts from 0, as `chain_seq` does.
Run: TypeAlias = Mapping[bytes, tuple[int, bytes, int]]


class RunRoots:
    """The map's root after each run, from the first one on; one batch after the other."""

    def __init__(self, depth: int) -> None:
        self._roots = MapRoots(depth=depth)

    def __call__(self, runs: Sequence[Run]) -> list[bytes]:
        """The roots after these runs."""
        return [self._root_after(run) for run in runs]

    def _root_after(self, run: Run) -> bytes:
        self._roots.update(
            {
                tag: leaf_of_tag(tag, seq + 1, leaf_hash, index)
                for tag, (seq, leaf_hash, index) in run.items()
            }
        )
        return self._roots.root


class MapRoots:
    """The root over tags that come and change and never go.

    Memory: 80 bytes a node, and a tag and its hash a tag that is kept.

    Args:
        depth: the levels whose nodes are held, at most 18; right is the logarithm of the
            number of tags, so that a bucket below them holds one tag or none.
    """

    def __init__(self, *, depth: int) -> None:
        self.depth = depth
        self.tags = 0
        # A heap: node 1 is the root, node n has the children 2n and 2n + 1, and
        # the buckets are the last level.
        self._hashes = [EMPTY_MAP] * (2 << depth)
        self._kinds = bytearray(2 << depth)
        # What lies in each bucket: one tag, whose hash is the bucket's; or sorted
        # records of tag and hash; or nothing, or what was let go.
        self._kept = [b""] * (1 << depth)

    @property
    def root(self) -> bytes:
        """The root over all tags now."""
        return self._hashes[1]

    def bucket_of(self, tag: bytes) -> int:
        """The number of the bucket in which a tag of 32 bytes belongs."""
        return int.from_bytes(tag[:4], "big") >> 32 - self.depth

    def is_empty(self, bucket: int) -> bool:
        """Whether no tag lies in the bucket, be it kept or let go."""
        return self._kinds[(1 << self.depth) + bucket] == _NONE

    def keep(self, bucket: int, leaves: _Leaves) -> None:
        """Hold again all leaves of a bucket that were let go, ascending by tag."""
        if len(leaves) == 1:
            self._kept[bucket] = leaves[0][0]
        else:
            self._kept[bucket] = b"".join(chain.from_iterable(leaves))

    def let_go(self) -> None:
        """Hold nodes only: whoever changes a tag must `keep` its bucket first."""
        self._kept = [b""] * len(self._kept)

    def load(self, leaves: _Leaves) -> None:
        """Take all leaves of one bucket, ascending by tag, and hold the node only.

        `finish` makes the nodes above, after the last bucket.
        """
        node = (1 << self.depth) + self.bucket_of(leaves[0][0])
        self._hashes[node] = _subtree(leaves, self.depth)
        self._kinds[node] = min(len(leaves), _MANY)
        self.tags += len(leaves)

    def finish(self) -> None:
        """Make all nodes above the buckets, after `load`."""
        first = 1 << self.depth
        self._rehash({(first + n) >> 1 for n in range(first) if self._kinds[first + n]})

    def update(self, leaves: Mapping[bytes, bytes]) -> None:
        """Set the hashes of the leaves of these tags, of 32 bytes each, in the map."""
        hashes, kept, kinds = self._hashes, self._kept, self._kinds
        first, shift = 1 << self.depth, 32 - self.depth
        to_number = int.from_bytes
        nodes: set[int] = set()
        crowded: dict[int, dict[bytes, bytes]] = {}
        for tag, leaf in leaves.items():
            bucket = to_number(tag[:4], "big") >> shift
            node = first + bucket
            if (held := kept[bucket]) == tag:
                hashes[node] = leaf
            elif held:
                crowded.setdefault(bucket, {})[tag] = leaf
            else:
                kept[bucket], hashes[node], kinds[node] = tag, leaf, _ONE
                self.tags += 1
            nodes.add(node >> 1)
        for bucket, changed in crowded.items():
            self._change(bucket, changed)
        self._rehash(nodes)

    def _change(self, bucket: int, changed: Mapping[bytes, bytes]) -> None:
        """Set the leaves of a bucket that holds another tag, too."""
        node, held = (1 << self.depth) + bucket, self._kept[bucket]
        if len(held) == HASH_SIZE:
            leaves = {held: self._hashes[node]}
        else:
            leaves = dict(_RECORD.iter_unpack(held))
        self.tags -= len(leaves)
        leaves.update(changed)
        self.tags += len(leaves)
        ordered = sorted(leaves.items())
        self.keep(bucket, ordered)
        self._hashes[node] = _subtree(ordered, self.depth)
        self._kinds[node] = _MANY

    def _rehash(self, nodes: Iterable[int]) -> None:
        """Make these nodes of one level again, and all above them."""
        hashes, kinds = self._hashes, self._kinds
        level = set(nodes) - {0}
        while level:
            for node in level:
                left = 2 * node
                kind = kinds[left] + kinds[left + 1]
                if kind > _ONE:
                    pair = b"\x03" + hashes[left] + hashes[left + 1]
                    hashes[node] = sha256(pair).digest()
                    kinds[node] = _MANY
                else:
                    hashes[node] = hashes[left] if kinds[left] else hashes[left + 1]
                    kinds[node] = kind
            level = {node >> 1 for node in level if node > 1}


def _subtree(leaves: _Leaves, depth: int) -> bytes:
    """The hash over one or more sorted leaves that agree in their first `depth` bits."""
    first, left = leaves[0]
    last, right = leaves[-1]
    if len(leaves) == 1:
        return left
    differing = int.from_bytes(first, "big") ^ int.from_bytes(last, "big")
    shared = KEY_BITS - differing.bit_length()
    if len(leaves) > 2:
        split = 1
        while not key_bit(leaves[split][0], shared):
            split += 1
        left = _subtree(leaves[:split], shared + 1)
        right = _subtree(leaves[split:], shared + 1)
    root = sha256(b"\x03" + left + right).digest()
    for above in range(shared - 1, depth - 1, -1):
        # The other side is empty.
        pair = EMPTY_MAP + root if key_bit(first, above) else root + EMPTY_MAP
        root = sha256(b"\x03" + pair).digest()
    return root
