"""The tree as files: C2SP tlog-tiles, read and written.

A tile holds up to 256 consecutive hashes of every eighth level of the tree; an
entry bundle holds the 256 entries under one tile of level 0. Full files never
change; a partial one is a prefix of the full one that replaces it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from .errors import IntegrityBreach, MalformedInput
from .merkle import HASH_SIZE
from .strict import parse_decimal

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_ENTRY_BYTES = 2**16 - 1
# The level under which a `Tile` names an entry bundle.
ENTRIES = -1
_MAX_LEVEL = 63
_PATH = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?",
    re.ASCII,
)

# Answers the bytes of a tile: read(level, index, width); never fewer than `width`
# hashes, more where only the full tile is still there.
ReadTile = Callable[[int, int, int], bytes]


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The name of a tile or (level `ENTRIES`) of an entry bundle.

    `width` counts hashes or entries: 256 is a full one, 1 to 255 a partial one.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where the log serves it, below its prefix: `tile/0/x001/234.p/9`."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"

    @classmethod
    def parse(cls, path: str) -> Self:
        """The tile that `path` names, in its only spelling.

        Raises:
            MalformedInput: not a tlog-tiles path, or not the shortest spelling.
        """
        match = _PATH.fullmatch(path)
        if match is None:
            raise MalformedInput(
                "bad_tile_path", field="path", got=path, wanted="tile/<L>/<N>[.p/<W>]"
            )
        level_text, number, width_text = match.groups()
        level = ENTRIES
        if level_text != "entries":
            level = parse_decimal(level_text, field="level", maximum=_MAX_LEVEL)
        index = int(number.replace("x", "").replace("/", ""))
        width = TILE_WIDTH
        if width_text is not None:
            width = parse_decimal(width_text, field="width", maximum=TILE_WIDTH - 1)
        tile = cls(level, index, width)
        if width == 0 or tile.path != path:
            raise MalformedInput("bad_tile_path", field="path", got=path)
        return tile


def tile_width(*, level: int, index: int, tree_size: int) -> int:
    """How many hashes the tile holds in a tree of this size; 0 if it is not there."""
    hashes = tree_size >> TILE_HEIGHT * max(level, 0)
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def _changed_at(level: int, old_hashes: int, new_hashes: int) -> Iterator[Tile]:
    first = old_hashes // TILE_WIDTH
    for index in range(first, -(-new_hashes // TILE_WIDTH)):
        yield Tile(level, index, min(TILE_WIDTH, new_hashes - index * TILE_WIDTH))


def changed_bundles(*, old_size: int, new_size: int) -> Iterator[Tile]:
    """The entry bundles to write when the tree grows, ascending."""
    if new_size > old_size:
        yield from _changed_at(ENTRIES, old_size, new_size)


def changed_tiles(*, old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles to write when the tree grows, level 0 first.

    With `old_size` 0 these are all tiles of the tree.
    """
    level = 0
    while new_size > old_size:
        yield from _changed_at(level, old_size, new_size)
        level += 1
        old_size, new_size = old_size // TILE_WIDTH, new_size // TILE_WIDTH


def full_tile_root(data: bytes) -> bytes:
    """The hash that a full tile of 8,192 bytes has in the tile above it."""
    return _fold(data)


def _fold(hashes: bytes) -> bytes:
    """The root over 2^k hashes, one behind the other: `node_hash` of each pair."""
    # Two hashes are cut out at once, and hashed without a call: all appending does it.
    while len(hashes) > HASH_SIZE:
        pairs = range(0, len(hashes), 2 * HASH_SIZE)
        hashes = b"".join(
            [sha256(b"\x01" + hashes[at : at + 2 * HASH_SIZE]).digest() for at in pairs]
        )
    return hashes


def grow_tiles(
    *, old_size: int, leaf_hashes: Sequence[bytes], read: ReadTile
) -> dict[Tile, bytes]:
    """The bytes of every tile that appending `leaf_hashes` adds or replaces.

    `read` is asked only for the partial tiles at the right edge of the old tree.

    Raises:
        IntegrityBreach: such a tile is shorter than the old tree makes it.
    """
    tiles: dict[Tile, bytes] = {}
    level, old_hashes, fresh = 0, old_size, list(leaf_hashes)
    while fresh:
        edge, kept = divmod(old_hashes, TILE_WIDTH)
        data = _read_exactly(read, Tile(level, edge, kept)) if kept else b""
        data += b"".join(fresh)
        fresh = []
        for tile in _changed_at(
            level, old_hashes, edge * TILE_WIDTH + len(data) // HASH_SIZE
        ):
            start = (tile.index - edge) * TILE_WIDTH * HASH_SIZE
            tiles[tile] = data[start : start + tile.width * HASH_SIZE]
            if tile.width == TILE_WIDTH:
                fresh.append(full_tile_root(tiles[tile]))
        level, old_hashes = level + 1, edge
    return tiles


def _read_exactly(read: ReadTile, tile: Tile) -> bytes:
    data = read(tile.level, tile.index, tile.width)
    wanted = tile.width * HASH_SIZE
    if len(data) < wanted or len(data) % HASH_SIZE:
        raise IntegrityBreach(
            "tile_truncated",
            field=tile.path,
            got=f"{len(data)} bytes",
            wanted=f"{wanted} bytes",
        )
    return data[:wanted]


class TileHashes:
    """The tree of `tree_size` leaves as a `tree.HashSource`, read from its tiles.

    Each tile is read once and kept: use one object per answer, not for ever.

    Raises:
        IntegrityBreach: from `node`, where a tile is shorter than it must be.
    """

    def __init__(self, read: ReadTile, *, tree_size: int) -> None:
        self._read = read
        self._tree_size = tree_size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def node(self, level: int, index: int) -> bytes:
        """The root of a perfect subtree that is wholly in the tree."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, start = divmod(index << height, TILE_WIDTH)
        data = self._tile(tile_level, tile_index)
        end = (start + (1 << height)) * HASH_SIZE
        if end > len(data):
            raise RuntimeError(f"node {level}/{index} is not in {self._tree_size}")
        return _fold(data[start * HASH_SIZE : end])

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._tiles:
            width = tile_width(level=level, index=index, tree_size=self._tree_size)
            if width == 0:
                raise RuntimeError(f"tile {level}/{index} is not in {self._tree_size}")
            tile = Tile(level, index, width)
            self._tiles[level, index] = _read_exactly(self._read, tile)
        return self._tiles[level, index]


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry behind its length as big-endian uint16.

    Raises:
        MalformedInput: an entry is longer than 65,535 bytes, or there are none or
            more than 256.
    """
    if not 0 < len(entries) <= TILE_WIDTH:
        raise MalformedInput("bad_bundle", got=len(entries), wanted="1 to 256 entries")
    for position, entry in enumerate(entries):
        if len(entry) > MAX_ENTRY_BYTES:
            raise MalformedInput(
                "entry_too_long", field=f"entries[{position}]", got=len(entry)
            )
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes) -> list[bytes]:
    """The 1 to 256 entries of a bundle.

    Raises:
        MalformedInput: it ends inside an entry, is empty or holds too many.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise MalformedInput("bundle_truncated", got=f"{len(data)} bytes")
        entries.append(data[at + 2 : end])
        at = end
    if not 0 < len(entries) <= TILE_WIDTH:
        raise MalformedInput("bad_bundle", got=len(entries), wanted="1 to 256 entries")
    return entries
