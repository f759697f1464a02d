"""Many leaves of one tree proven together: what is computed is never given.

Both walks go from the root to the left first. Where no wanted leaf lies below, the
hash is taken from the member; everything else is made from the leaves. So thousands
of leaves need fewer hashes than as many paths, and no hash stands there twice.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from ..errors import MalformedInput, ProofError
from ..map import EMPTY_MAP, KEY_BITS, MapValue, key_bit, map_leaf_hash, map_node_hash
from ..merkle import HASH_SIZE, node_hash

# What a node of the map is, where a wanted tag lies below it.
INNER, EMPTY, WANTED, OTHER = range(4)
_MARK_BYTES: Final = 1


class Hashes:
    """The bytes of a member, taken in the order of the walk."""

    def __init__(self, name: str, pieces: Iterator[bytes]) -> None:
        self._name = name
        self._pieces = pieces
        self._waiting = b""

    def take(self, size: int = HASH_SIZE) -> bytes:
        """The next `size` bytes.

        Raises:
            MalformedInput: `proof_too_short`.
        """
        while len(self._waiting) < size:
            piece = next(self._pieces, b"")
            if not piece:
                raise MalformedInput(
                    "proof_too_short", field=self._name, wanted="more hashes"
                )
            self._waiting += piece
        taken, self._waiting = self._waiting[:size], self._waiting[size:]
        return taken

    def close(self) -> None:
        """Check that the walk used all of it.

        Raises:
            MalformedInput: `proof_too_long`.
        """
        if self._waiting or next(self._pieces, b""):
            raise MalformedInput(
                "proof_too_long", field=self._name, wanted="no hash that nobody needs"
            )


def root_of_leaves(
    leaves: Sequence[tuple[int, bytes]], *, tree_size: int, hashes: Hashes
) -> bytes:
    """The root of the log's tree that has these leaf hashes at these indices.

    Args:
        leaves: (index, leaf hash), ascending by index, each once.

    Raises:
        MalformedInput: too few hashes.
        ProofError: `index_outside_tree`.
    Source: RFC 6962 section 2.1; where a subtree has none of the leaves, its hash is
        the next one.
    """
    if not leaves or leaves[0][0] < 0 or leaves[-1][0] >= tree_size:
        got = [leaves[0][0], leaves[-1][0]] if leaves else "no leaf"
        raise ProofError(
            "index_outside_tree", field="index", got=got, wanted=f"below {tree_size}"
        )
    indices = [index for index, _ in leaves]

    def walk(start: int, end: int, low: int, high: int) -> bytes:
        if low == high:
            return hashes.take()
        if end - start == 1:
            return leaves[low][1]
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        cut = bisect_left(indices, middle, low, high)
        left = walk(start, middle, low, cut)
        return node_hash(left, walk(middle, end, cut, high))

    return walk(0, tree_size, 0, len(leaves))


class SharedMap:
    """The walk through the map that shows some tags with their values, or absent."""

    def __init__(
        self, values: Sequence[tuple[bytes, MapValue | None]], hashes: Hashes
    ) -> None:
        # Ascending by tag, each once.
        self._values = values
        self._tags = [tag for tag, _ in values]
        self._hashes = hashes

    def root(self) -> bytes:
        """The root of the map that says exactly this of the tags.

        Raises:
            MalformedInput: too few bytes, or an unknown mark.
            ProofError: `tag_absent`, `tag_present`, `other_path`, `path_too_deep`.
        Source: DESIGN section 3, "Map root, in band"; see `map`.
        """
        return self._walk(0, 0, len(self._values))[0]

    def _walk(self, depth: int, low: int, high: int) -> tuple[bytes, int]:
        """Hash and mark of the node; a node that is only taken counts as inner."""
        if low == high:
            taken = self._hashes.take()
            return taken, EMPTY if taken == EMPTY_MAP else INNER
        mark = self._hashes.take(_MARK_BYTES)[0]
        if mark == INNER:
            return self._inner(depth, low, high), INNER
        if mark == EMPTY:
            self._verify_absent(low, high)
            return EMPTY_MAP, EMPTY
        if mark == WANTED:
            return self._wanted(low, high), WANTED
        if mark == OTHER:
            return self._other(depth, low, high), OTHER
        raise MalformedInput("bad_mark", field="map", got=mark, wanted="0 to 3")

    def _inner(self, depth: int, low: int, high: int) -> bytes:
        if depth == KEY_BITS:
            raise ProofError("path_too_deep", field="map", wanted="256 levels")
        cut = low
        while cut < high and not key_bit(self._tags[cut], depth):
            cut += 1
        left, one = self._walk(depth + 1, low, cut)
        right, two = self._walk(depth + 1, cut, high)
        # A subtree of at most one key is never split.
        if EMPTY in (one, two) and INNER not in (one, two):
            raise ProofError("path_too_deep", field="map", wanted="a node of two keys")
        return map_node_hash(left, right)

    def _wanted(self, low: int, high: int) -> bytes:
        there = [pair for pair in self._values[low:high] if pair[1] is not None]
        if len(there) != 1:
            # Two values cannot be one leaf, and a leaf is somebody's.
            raise ProofError(
                "tag_absent" if there else "tag_present",
                field="map",
                got=f"{len(there)} tags with a value",
                wanted="one",
            )
        ((tag, value),) = there
        if value is None:
            raise RuntimeError("picked by its value")
        return map_leaf_hash(tag, value.value_hash)

    def _other(self, depth: int, low: int, high: int) -> bytes:
        self._verify_absent(low, high)
        tag, value_hash = self._hashes.take(), self._hashes.take()
        if tag in self._tags[low:high]:
            raise ProofError("tag_present", field="map", got=tag.hex())
        differs = int.from_bytes(tag, "big") ^ int.from_bytes(self._tags[low], "big")
        if KEY_BITS - differs.bit_length() < depth:
            raise ProofError("other_path", field="map", got=tag.hex())
        return map_leaf_hash(tag, value_hash)

    def _verify_absent(self, low: int, high: int) -> None:
        for tag, value in self._values[low:high]:
            if value is not None:
                raise ProofError(
                    "tag_absent",
                    field="map",
                    got=f"nothing of {tag.hex()}",
                    wanted=f"{value.count} leaves",
                )
