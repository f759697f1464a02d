"""Entry bundles, and a published log rebuilt from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.checkpoint import Checkpoint
from apps.core.errors import MalformedInput
from apps.core.merkle import (
    leaf_hash,
    verify_consistency,
)
from apps.core.note import Note
from apps.core.tiles import (
    ENTRIES,
    Tile,
    TileHashes,
    format_bundle,
    grow_tiles,
    parse_bundle,
)
from apps.core.tree import (
    consistency_path,
    root_of,
)
from tests.vectors import vectors_path


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_come_back(entries):
    assert parse_bundle(format_bundle(entries)) == entries


@given(st.binary(max_size=600))
def test_any_bytes_are_a_bundle_or_malformed(data):
    try:
        entries = parse_bundle(data)
    except MalformedInput:
        return
    assert format_bundle(entries) == data


@pytest.mark.parametrize("entries", [[], [b""] * 257, [b"\0" * 65_536]])
def test_a_bundle_that_cannot_be_is_not_written(entries):
    with pytest.raises(MalformedInput):
        format_bundle(entries)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\0\x01", b"\0\x01ab", b"\0\0" * 257, b"\xff\xff" + b"\0" * 9]
)
def test_a_bundle_of_wrong_length_is_refused(data):
    with pytest.raises(MalformedInput):
        parse_bundle(data)


def published(size):
    base = vectors_path("crypto/tessera/log")
    return Checkpoint.parse(Note.parse((base / f"checkpoint.{size}").read_bytes()).text)


SIZES = [1, 3, 4, 6, 7, 9, 10, 12, 13, 15]


@pytest.mark.parametrize("size", SIZES)
def test_the_published_log_is_rebuilt_from_its_entries(size):
    base = vectors_path("crypto/tessera/log/tile")
    head = published(size)
    tile = Tile(0, 0, size)

    entries = parse_bundle((base.parent / Tile(ENTRIES, 0, size).path).read_bytes())
    tiles = grow_tiles(
        old_size=0,
        leaf_hashes=[leaf_hash(entry) for entry in entries],
        read=lambda *_: b"",
    )

    assert head.tree_size == size
    assert tiles == {tile: (base.parent / tile.path).read_bytes()}
    assert (
        root_of(TileHashes(lambda *_: tiles[tile], tree_size=size), tree_size=size)
        == head.root_hash
    )


@pytest.mark.parametrize("new_size", SIZES)
def test_the_published_heads_are_consistent(new_size):
    base = vectors_path("crypto/tessera/log")

    def read(level, index, width):
        return (base / Tile(level, index, width).path).read_bytes()

    hashes = TileHashes(read, tree_size=new_size)
    for old_size in (size for size in SIZES if size <= new_size):
        verify_consistency(
            old_size=old_size,
            new_size=new_size,
            old_root=published(old_size).root_hash,
            new_root=published(new_size).root_hash,
            path=consistency_path(hashes, old_size=old_size, new_size=new_size),
        )
