"""The tree of the leaves judged so far, kept as the partial tiles at its right edge."""

from __future__ import annotations

from ..checkpoint import Checkpoint
from ..errors import ProofError
from ..merkle import HASH_SIZE, verify_consistency
from ..tiles import TILE_HEIGHT, TILE_WIDTH, ReadTile, Tile, TileHashes
from ..tree import consistency_path, root_of


def verify_root(root: bytes, head: Checkpoint) -> None:
    """Check that `root` is the signed one.

    Raises:
        ProofError: `root_mismatch`.
    """
    if root != head.root_hash:
        raise ProofError(
            "root_mismatch",
            field=f"tree of {head.tree_size}",
            got=root.hex(),
            wanted=head.root_hash.hex(),
        )


def verify_growth(size: int, root: bytes, head: Checkpoint, tree: TileHashes) -> None:
    """Check, by the hashes of `tree`, that the signed tree begins with this root.

    Raises:
        ProofError: it does not.
    """
    if size:
        path = consistency_path(tree, old_size=size, new_size=head.tree_size)
        verify_consistency(
            old_size=size,
            new_size=head.tree_size,
            old_root=root,
            new_root=head.root_hash,
            path=path,
        )


def edge_reader(edges: dict[int, bytes]) -> ReadTile:
    """The edges as tiles; what is missing is too short for whoever asks."""
    return lambda level, _index, _width: edges.get(level, b"")


def root_of_edges(edges: dict[int, bytes], size: int) -> bytes:
    """The root of the tree of `size` leaves that has these edges."""
    return root_of(TileHashes(edge_reader(edges), tree_size=size), tree_size=size)


def edges_of(
    old: dict[int, bytes], tiles: dict[Tile, bytes], size: int
) -> dict[int, bytes]:
    """The partial tiles at the right edge of the tree of `size` leaves."""
    edges = {}
    level, hashes = 0, size
    while hashes:
        index, width = divmod(hashes, TILE_WIDTH)
        if width:
            data = tiles.get(Tile(level, index, width), old.get(level, b""))
            edges[level] = data[: width * HASH_SIZE]
        level, hashes = level + 1, hashes >> TILE_HEIGHT
    return edges
