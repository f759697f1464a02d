"""The builder half of the serial tree: the proof for one pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from .merkle import HASH_SIZE, RootBuilder
from .serials import SerialProof, serial_leaves, serial_salt
from .tree import MemoryTree, inclusion_path, stream_inclusion_path

BLOCK_LEVEL: Final = 10
BLOCK: Final = 1 << BLOCK_LEVEL
"""So many packs are hashed anew for a proof; the tree above them is kept."""


def prove_serial(
    *, seed: bytes, gtin: str, base: int, serials: Sequence[str], ordinal: int
) -> SerialProof:
    """The proof for the pack with this ordinal, from one pass over all serials.

    A million serials take about two seconds; whoever proves packs one by one keeps
    the upper part of the tree (`block_roots`) and asks a `SerialTree`.

    Raises:
        MalformedInput: a seed, GTIN or serial that cannot be hashed.
    """
    leaves = serial_leaves(seed=seed, gtin=gtin, base=base, serials=serials)
    index = ordinal - base
    path = stream_inclusion_path(leaves, index=index, tree_size=len(serials))
    return SerialProof(ordinal, serial_salt(seed, serials[index]), tuple(path))


def block_roots(*, seed: bytes, gtin: str, base: int, serials: Iterable[str]) -> bytes:
    """The roots over every full block of 1,024 packs: 32 bytes each, in order.

    Raises:
        MalformedInput: a seed, GTIN or serial that cannot be hashed.
    """
    roots = bytearray()
    builder = RootBuilder()
    for leaf in serial_leaves(seed=seed, gtin=gtin, base=base, serials=serials):
        builder.append(leaf)
        if builder.size == BLOCK:
            roots += builder.root()
            builder = RootBuilder()
    return bytes(roots)


class SerialTree:
    """The tree of a commissioning as a `tree.HashSource`, most of it not in memory.

    Args:
        roots: as `block_roots` gives them.
        read: the serials of the packs `first` to `end` - 1, counted from the base.
    """

    def __init__(
        self,
        *,
        seed: bytes,
        gtin: str,
        base: int,
        size: int,
        roots: bytes,
        read: Callable[[int, int], Sequence[str]],
    ) -> None:
        if len(roots) != size // BLOCK * HASH_SIZE:
            raise RuntimeError(f"{len(roots)} bytes of roots for {size} packs")
        self._seed, self._gtin, self._base, self._size = seed, gtin, base, size
        self._read = read
        starts = range(0, len(roots), HASH_SIZE)
        self._upper = MemoryTree(roots[at : at + HASH_SIZE] for at in starts)
        self._serials: dict[int, Sequence[str]] = {}
        self._blocks: dict[int, MemoryTree] = {}

    def node(self, level: int, index: int) -> bytes:
        """The root of a perfect subtree that is wholly in the tree."""
        if level >= BLOCK_LEVEL:
            return self._upper.node(level - BLOCK_LEVEL, index)
        number = index << level >> BLOCK_LEVEL
        within = index - (number << BLOCK_LEVEL - level)
        return self._block(number).node(level, within)

    def prove(self, ordinal: int) -> SerialProof:
        """The proof for the pack with this ordinal.

        Raises:
            MalformedInput: a seed, GTIN or serial that cannot be hashed.
        """
        index = ordinal - self._base
        path = inclusion_path(self, index=index, tree_size=self._size)
        self._block(index >> BLOCK_LEVEL)
        serial = self._serials[index >> BLOCK_LEVEL][index % BLOCK]
        return SerialProof(ordinal, serial_salt(self._seed, serial), tuple(path))

    def _block(self, number: int) -> MemoryTree:
        if number not in self._blocks:
            first = number << BLOCK_LEVEL
            serials = self._read(first, min(first + BLOCK, self._size))
            self._serials[number] = serials
            self._blocks[number] = MemoryTree(
                serial_leaves(
                    seed=self._seed,
                    gtin=self._gtin,
                    base=self._base + first,
                    serials=serials,
                )
            )
        return self._blocks[number]
