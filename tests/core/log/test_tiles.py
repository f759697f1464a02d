"""Tiles: paths, growth, and proofs from files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import IntegrityBreach, MalformedInput
from apps.core.merkle import (
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from apps.core.tiles import (
    ENTRIES,
    Tile,
    TileHashes,
    changed_bundles,
    changed_tiles,
    full_tile_root,
    grow_tiles,
    tile_width,
)
from apps.core.tree import (
    MemoryTree,
    consistency_path,
    frontier_of,
    inclusion_path,
    root_of,
)

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
TREE = MemoryTree(LEAVES)


class Shelf:
    """Tiles in memory; answers only what was put there, as a file store would."""

    def __init__(self):
        self.tiles = {}
        self.asked = []

    def read(self, level, index, width):
        self.asked.append((level, index, width))
        return self.tiles[Tile(level, index, width)]


def shelf_of(*sizes):
    shelf = Shelf()
    old = 0
    for size in sizes:
        fresh = LEAVES[old:size]
        shelf.tiles |= grow_tiles(old_size=old, leaf_hashes=fresh, read=shelf.read)
        old = size
    return shelf


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(2, 999, 17), "tile/2/999.p/17"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Tile(ENTRIES, 5, 1), "tile/entries/005.p/1"),
        (Tile(ENTRIES, 273), "tile/entries/273"),
    ],
)
def test_a_tile_has_one_path(tile, path):
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/tile/0/000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/x002",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/07",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/entries/000/",
        "tile/data/000",
        "tile/0/000\n",
        "tile/0/\u0661\u0661\u0661",
        "tile/0/../000",
    ],
)
def test_another_spelling_of_a_path_is_refused(path):
    with pytest.raises(MalformedInput):
        Tile.parse(path)


@given(st.integers(-1, 63), st.integers(0, 10**18 - 1), st.integers(1, 256), st.text())
def test_paths_come_back_and_other_texts_are_refused(level, index, width, text):
    tile = Tile(level, index, width)

    assert Tile.parse(tile.path) == tile
    with pytest.raises(MalformedInput):
        Tile.parse(text)


def test_a_tree_of_70000_has_the_tiles_that_the_standard_counts():
    tiles = list(changed_tiles(old_size=0, new_size=70_000))

    assert [tile for tile in tiles if tile.width < 256] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert sum(tile.width == 256 and tile.level == 0 for tile in tiles) == 273
    assert sum(tile.width == 256 and tile.level == 1 for tile in tiles) == 1
    assert len(tiles) == 277


def test_a_tree_of_256_has_a_full_tile_and_one_hash_above():
    assert list(changed_tiles(old_size=0, new_size=256)) == [Tile(0, 0), Tile(1, 0, 1)]


def test_growth_touches_the_right_edge_only():
    assert list(changed_tiles(old_size=300, new_size=600)) == [
        Tile(0, 1, 256),
        Tile(0, 2, 88),
        Tile(1, 0, 2),
    ]
    assert list(changed_bundles(old_size=255, new_size=257)) == [
        Tile(ENTRIES, 0, 256),
        Tile(ENTRIES, 1, 1),
    ]
    assert list(changed_tiles(old_size=9, new_size=9)) == []
    assert list(changed_bundles(old_size=9, new_size=9)) == []


def test_the_width_of_a_tile_follows_from_the_tree():
    assert tile_width(level=0, index=273, tree_size=70_000) == 112
    assert tile_width(level=0, index=272, tree_size=70_000) == 256
    assert tile_width(level=0, index=274, tree_size=70_000) == 0
    assert tile_width(level=2, index=0, tree_size=70_000) == 1
    assert tile_width(level=3, index=0, tree_size=70_000) == 0
    assert tile_width(level=ENTRIES, index=273, tree_size=70_000) == 112


def test_tiles_of_a_log_that_grew_prove_every_old_size():
    sizes = (1, 2, 255, 256, 257, 1000, 65_535, 65_536, 70_000)
    shelf = shelf_of(*sizes)

    assert set(shelf.tiles) >= set(changed_tiles(old_size=0, new_size=70_000))
    for size in sizes:
        hashes = TileHashes(shelf.read, tree_size=size)
        root = TREE.root(size)
        assert root_of(hashes, tree_size=size) == root
        assert frontier_of(hashes, tree_size=size) == frontier_of(TREE, tree_size=size)
        for index in {0, size // 3, size - 1}:
            verify_inclusion(
                leaf_hash=LEAVES[index],
                index=index,
                tree_size=size,
                path=inclusion_path(hashes, index=index, tree_size=size),
                root_hash=root,
            )
        for old_size in (old for old in sizes if old <= size):
            verify_consistency(
                old_size=old_size,
                new_size=size,
                old_root=TREE.root(old_size),
                new_root=root,
                path=consistency_path(hashes, old_size=old_size, new_size=size),
            )


def test_a_proof_reads_each_tile_once():
    shelf = shelf_of(70_000)
    hashes = TileHashes(shelf.read, tree_size=70_000)

    inclusion_path(hashes, index=4321, tree_size=70_000)

    assert len(shelf.asked) == len(set(shelf.asked)) <= 5


@given(st.lists(st.integers(0, 700), max_size=5))
def test_tiles_do_not_depend_on_how_the_log_grew(steps):
    sizes = [sum(steps[: number + 1]) for number in range(len(steps))]
    at_once = shelf_of(*sizes[-1:])

    assert at_once.tiles.items() <= shelf_of(*sizes).tiles.items()


def test_a_full_tile_stands_in_for_a_partial_one():
    full = b"".join(LEAVES[:256])
    hashes = TileHashes(lambda *_: full, tree_size=100)

    assert root_of(hashes, tree_size=100) == TREE.root(100)


def test_the_root_of_a_full_tile_is_its_hash_above():
    assert full_tile_root(b"".join(LEAVES[:256])) == TREE.node(8, 0)


@pytest.mark.parametrize("data", [b"", b"\0" * 31, b"\0" * 95, b"\0" * 97])
def test_a_tile_cut_short_wakes_an_operator(data):
    hashes = TileHashes(lambda *_: data, tree_size=3)

    with pytest.raises(IntegrityBreach, match="tile truncated"):
        root_of(hashes, tree_size=3)
    with pytest.raises(IntegrityBreach):
        grow_tiles(old_size=3, leaf_hashes=LEAVES[3:5], read=lambda *_: data)


def test_a_node_outside_the_tree_is_our_bug():
    hashes = TileHashes(lambda *_: b"".join(LEAVES[:3]), tree_size=3)

    with pytest.raises(RuntimeError):
        hashes.node(2, 0)
    with pytest.raises(RuntimeError):
        hashes.node(0, 256)
