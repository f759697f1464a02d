"""The builder half of windows: the hashes around a stretch of leaves."""

from __future__ import annotations

from collections.abc import Sequence

from .leaf import Leaf
from .tree import HashSource, frontier_of
from .window import Window, right_parts


def build_window(
    source: HashSource,
    *,
    leaves: Sequence[Leaf],
    first: int,
    tree_size: int,
    checkpoint: bytes,
) -> Window:
    """The window of `leaves`, which begin at index `first` of the tree.

    Args:
        checkpoint: the note whose head has `tree_size` leaves.
    """
    end = first + len(leaves)
    return Window(
        first=first,
        leaves=tuple(leaves),
        left=frontier_of(source, tree_size=first),
        right=tuple(
            source.node(level, index) for level, index in right_parts(end, tree_size)
        ),
        checkpoint=checkpoint,
    )
