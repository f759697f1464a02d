"""The builder half of `shared`: which hashes the walks will ask for, in their order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from ..map import EMPTY_MAP, MapProof, key_bit
from ..tree import HashSource, range_hash
from .shared import EMPTY, INNER, OTHER, WANTED


def share_tree(
    source: HashSource, indices: Sequence[int], *, tree_size: int
) -> Iterator[bytes]:
    """The hashes that `shared.root_of_leaves` takes for leaves at these indices."""

    def walk(start: int, end: int, low: int, high: int) -> Iterator[bytes]:
        if low == high:
            yield range_hash(source, start, end)
        elif end - start > 1:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            cut = bisect_left(indices, middle, low, high)
            yield from walk(start, middle, low, cut)
            yield from walk(middle, end, cut, high)

    return walk(0, tree_size, 0, len(indices))


def share_map(
    proofs: Sequence[tuple[bytes, MapProof, bool]],
) -> Iterator[bytes]:
    """The bytes that `shared.SharedMap` takes for these tags.

    Args:
        proofs: ascending by tag: the tag, the map's proof for it, and whether the map
            has it.
    """

    def walk(depth: int, low: int, high: int) -> Iterator[bytes]:
        _, proof, _ = proofs[low]
        if len(proof.siblings) == depth:
            yield from _end([has_value for _, _, has_value in proofs[low:high]], proof)
            return
        yield bytes([INNER])
        cut = low
        while cut < high and not key_bit(proofs[cut][0], depth):
            cut += 1
        # Where no wanted tag lies on one side, that side is the sibling of the other.
        sibling = proof.siblings[-1 - depth]
        for first, last in ((low, cut), (cut, high)):
            if first == last:
                yield sibling
            else:
                yield from walk(depth + 1, first, last)

    return walk(0, 0, len(proofs)) if proofs else iter([EMPTY_MAP])


def _end(values: Sequence[bool], proof: MapProof) -> Iterator[bytes]:
    if any(values):
        yield bytes([WANTED])
    elif proof.other is None:
        yield bytes([EMPTY])
    else:
        yield bytes([OTHER]) + proof.other.key + proof.other.value_hash
