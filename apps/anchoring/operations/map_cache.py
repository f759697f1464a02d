"""The map's tree between two runs: hashes of a million tags take seconds to load.

What is kept says of which tree it is; it is used only where the database has that
tree or one that grew from it, so a rolled back run or another sequencer cannot spoil
it. Only the holder of the sequencer's lock comes here.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.anchoring import queries
from apps.anchoring.models import Checkpoint, TreeState
from apps.core.mapbuild import MapTree


@dataclass(slots=True)
class _Kept:
    tree: MapTree
    size: int
    root_hash: bytes


_KEPT: list[_Kept] = []  # at most one


def load(state: TreeState) -> MapTree:
    """The map over all leaves of `state`, for the caller to change.

    A caller that fails halfway leaves nothing behind: only `keep` remembers.
    """
    kept = _KEPT.pop() if _KEPT else None
    if kept is None or not _is_ancestor(kept, state):
        return MapTree(dict(queries.list_heads()))
    if kept.size < state.size:
        kept.tree.update(queries.find_changed(since_size=kept.size))
    return kept.tree


def keep(tree: MapTree, *, size: int, root_hash: bytes) -> None:
    """Remember the map of the tree with this size and root."""
    _KEPT[:] = [_Kept(tree, size, root_hash)]


def _is_ancestor(kept: _Kept, state: TreeState) -> bool:
    if kept.size == state.size:
        return kept.root_hash == bytes(state.root_hash)
    return Checkpoint.objects.filter(size=kept.size, root_hash=kept.root_hash).exists()
