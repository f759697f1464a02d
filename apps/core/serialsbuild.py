"""The builder half of the serial tree: the proof for one pack."""

from __future__ import annotations

from collections.abc import Sequence

from .serials import SerialProof, serial_leaves, serial_salt
from .tree import stream_inclusion_path


def prove_serial(
    *, seed: bytes, gtin: str, base: int, serials: Sequence[str], ordinal: int
) -> SerialProof:
    """The proof for the pack with this ordinal, from one pass over all serials.

    A million serials take about two seconds; a caller with many packs to prove
    builds a `tree.MemoryTree` over `serial_leaves` once.

    Raises:
        MalformedInput: a seed, GTIN or serial that cannot be hashed.
    """
    leaves = serial_leaves(seed=seed, gtin=gtin, base=base, serials=serials)
    index = ordinal - base
    path = stream_inclusion_path(leaves, index=index, tree_size=len(serials))
    return SerialProof(ordinal, serial_salt(seed, serials[index]), tuple(path))
