"""What somebody with the published files alone can check."""

from pathlib import Path

from apps.core.leaf import ZEROS, Leaf, LeafType
from apps.core.map import MapValue
from apps.core.mapbuild import build_root
from apps.core.merkle import RootBuilder, leaf_hash
from apps.core.policy import Policy, open_trusted_checkpoint
from apps.core.tiles import ENTRIES, Tile, changed_tiles, parse_bundle


def read_entries(log: Path, size: int) -> list[bytes]:
    """Every entry of the log as an outsider reads it."""
    found: list[bytes] = []
    for index in range(-(-size // 256)):
        width = min(256, size - 256 * index)
        found += parse_bundle((log / Tile(ENTRIES, index, width).path).read_bytes())
    return found


def verify_public(log: Path) -> int:
    """Check chains, map roots, tree root, signature and tiles; the size of the log."""
    policy = Policy.parse((log / "policy").read_bytes())
    note = (log / "checkpoint").read_bytes()
    head = open_trusted_checkpoint(note, policy).checkpoint
    data = read_entries(log, head.tree_size)
    builder = RootBuilder()
    chains: dict[bytes, MapValue] = {}
    for index, entry in enumerate(data):
        leaf = Leaf.decode(entry)
        builder.append(leaf_hash(entry))
        if leaf.kind == LeafType.MAP_ROOT:
            assert leaf.commitment == build_root(chains)
        before = chains.get(leaf.subject_tag)
        seq, previous = (before.count, before.head_leaf_hash) if before else (0, ZEROS)
        assert (leaf.chain_seq, leaf.prev_leaf_hash) == (seq, previous)
        chains[leaf.subject_tag] = MapValue(seq + 1, leaf.leaf_hash, index)
    assert builder.root() == head.root_hash
    assert Leaf.decode(data[-1]).kind == LeafType.MAP_ROOT
    for tile in changed_tiles(old_size=0, new_size=head.tree_size):
        assert len((log / tile.path).read_bytes()) == 32 * tile.width
    return head.tree_size
