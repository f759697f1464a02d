"""The stretch of a log in which a receipt's promise had to be kept, fetched by HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..errors import ProofError
from ..leaf import Leaf
from ..policy import Policy, open_trusted_checkpoint
from ..promise import latest_ms
from ..receipt import Receipt
from ..tiles import ENTRIES, TILE_WIDTH, Tile, TileHashes, tile_width
from ..window import MAX_LEAVES, Window, verify_window
from ..windowbuild import build_window
from .monitor_http import LogFiles
from .monitor_tiles import ServedTiles, read_checkpoint, split_bundle

_AT_ONCE: Final = 16


class _Leaves:
    """The leaves of the log under one head, bundle by bundle."""

    def __init__(self, tiles: ServedTiles, size: int) -> None:
        self._tiles, self._size = tiles, size
        self._bundles: dict[int, list[bytes]] = {}

    def get(self, index: int) -> Leaf:
        """The leaf at `index`."""
        number, place = divmod(index, TILE_WIDTH)
        self._fetch(range(number, number + 1))
        return Leaf.decode(self._bundles[number][place])

    def list(self, first: int, end: int) -> list[Leaf]:
        """The leaves from `first` to `end` - 1."""
        last = (end - 1) // TILE_WIDTH
        for start in range(first // TILE_WIDTH, last + 1, _AT_ONCE):
            self._fetch(range(start, min(start + _AT_ONCE, last + 1)))
        return [self.get(index) for index in range(first, end)]

    def _fetch(self, numbers: range) -> None:
        wanted = [
            Tile(ENTRIES, number, self._width(number))
            for number in numbers
            if number not in self._bundles
        ]
        for tile, data in zip(wanted, self._tiles.read_many(wanted), strict=True):
            self._bundles[tile.index] = split_bundle(tile, data)

    def _width(self, number: int) -> int:
        return tile_width(level=ENTRIES, index=number, tree_size=self._size)


def fetch_window(files: LogFiles, *, policy: Policy, promised: Receipt) -> Window:
    """The leaves around the time of a promise, under the head that the log shows now.

    From the last leaf before the acceptance to the first one after the promise's time,
    or to the end of the log. Where they lie is searched by their times, which nobody
    vouches for: what is found is verified.

    Raises:
        UntrustedSignature, ProofError: the policy does not believe the head, or the
            leaves are not those under it; `too_many_leaves`; `other_ledger`.
        MalformedInput, Unavailable: files that cannot be read, or do not come.
    """
    note = read_checkpoint(files)
    head = open_trusted_checkpoint(note, policy).checkpoint
    if head.origin != promised.ledger:
        raise ProofError("other_ledger", got=promised.ledger, wanted=head.origin)
    size = head.tree_size
    if not size:
        raise ProofError("index_outside_tree", got=0, wanted="a log with leaves")
    tiles = ServedTiles(files, newest_size=size)
    leaves = _Leaves(tiles, size)
    accepted = _search(size, lambda at: leaves.get(at).time_ms >= promised.accepted_ms)
    behind = _search(size, lambda at: leaves.get(at).time_ms > latest_ms(promised))
    first, end = max(0, accepted - 1), min(size, behind + 1)
    if end - first > MAX_LEAVES:
        raise ProofError("too_many_leaves", got=end - first, wanted=str(MAX_LEAVES))
    window = build_window(
        TileHashes(tiles.read, tree_size=size),
        leaves=leaves.list(first, end),
        first=first,
        tree_size=size,
        checkpoint=note,
    )
    verify_window(window)
    return window


def _search(size: int, holds: Callable[[int], bool]) -> int:
    """The first index for which it holds, if it holds for all behind; else `size`."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
