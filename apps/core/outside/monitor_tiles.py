"""Tiles and entry bundles as a log serves them: exactly as long as they must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..errors import ProofError, Unavailable
from ..leaf import LEAF_SIZE
from ..merkle import HASH_SIZE
from ..note import MAX_NOTE_BYTES
from ..tiles import ENTRIES, TILE_WIDTH, Tile, tile_width
from .monitor_http import LogFiles

# Every entry of this ledger is one leaf behind its length.
ENTRY_BYTES: Final = 2 + LEAF_SIZE
_LENGTH: Final = LEAF_SIZE.to_bytes(2, "big")


class ServedTiles:
    """The files of a log whose newest known head has `newest_size` leaves.

    A partial tile may be asked for after a longer one took its place; its hashes are
    the first ones of the longer.
    """

    def __init__(self, files: LogFiles, *, newest_size: int) -> None:
        self._files = files
        self._newest_size = newest_size

    def read(self, level: int, index: int, width: int) -> bytes:
        """One tile, as `tiles.ReadTile`; errors as `read_many`."""
        return self.read_many([Tile(level, index, width)])[0]

    def read_many(self, tiles: Sequence[Tile]) -> list[bytes]:
        """The bytes of these tiles or bundles, in order.

        Raises:
            ProofError: `tile_truncated`, `bundle_truncated`.
            MalformedInput: `too_large`.
            Unavailable: `tile_missing`, or nobody answers.
        """
        found: dict[Tile, bytes] = {}
        for attempt in range(3):
            asked = {
                tile: choices[attempt]
                for tile in tiles
                if tile not in found and attempt < len(choices := self._choices(tile))
            }
            answers = self._files.get_many(
                [(each.path, _size(each)) for each in asked.values()]
            )
            for (tile, each), data in zip(asked.items(), answers, strict=True):
                if data is not None:
                    _verify_length(each, data)
                    found[tile] = data[: _size(tile)]
        for tile in tiles:
            if tile not in found:
                raise Unavailable("tile_missing", field=tile.path)
        return [found[tile] for tile in tiles]

    def _choices(self, tile: Tile) -> list[Tile]:
        """The tile itself, then those that begin with its hashes."""
        newest = tile_width(
            level=tile.level, index=tile.index, tree_size=self._newest_size
        )
        widths = dict.fromkeys((tile.width, newest, TILE_WIDTH))
        return [
            Tile(tile.level, tile.index, width)
            for width in widths
            if width >= tile.width
        ]


def read_checkpoint(files: LogFiles) -> bytes:
    """The note that the log shows now.

    Raises:
        MalformedInput: `too_large`.
        Unavailable: `checkpoint_missing`, or nobody answers.
    """
    (data,) = files.get_many([("checkpoint", MAX_NOTE_BYTES)])
    if data is None:
        raise Unavailable("checkpoint_missing", field="checkpoint")
    return data


def split_bundle(tile: Tile, data: bytes) -> list[bytes]:
    """The leaves of a bundle of the right length.

    Raises:
        ProofError: `bad_bundle`: an entry that is no leaf by its length.
    """
    starts = range(0, len(data), ENTRY_BYTES)
    if any(data[at : at + 2] != _LENGTH for at in starts):
        raise ProofError(
            "bad_bundle", field=tile.path, wanted=f"entries of {LEAF_SIZE} bytes"
        )
    return [data[at + 2 : at + ENTRY_BYTES] for at in starts]


def _size(tile: Tile) -> int:
    return tile.width * (ENTRY_BYTES if tile.level == ENTRIES else HASH_SIZE)


def _verify_length(tile: Tile, data: bytes) -> None:
    if len(data) != _size(tile):
        is_bundle = tile.level == ENTRIES
        raise ProofError(
            "bundle_truncated" if is_bundle else "tile_truncated",
            field=tile.path,
            got=f"{len(data)} bytes",
            wanted=f"{_size(tile)} bytes",
        )
