"""A long log in slices: while one is judged, the files of the next are on their way."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final, TypeAlias

from ..tiles import TILE_WIDTH, Tile, changed_bundles, changed_tiles
from .monitor_tiles import ServedTiles

# Leaves that are fetched, judged and saved together: 8 MB of entries, and whole tiles.
SLICE: Final = 256 * TILE_WIDTH

# Answers the bytes of files, in order, as soon as they are there; raises what
# `ServedTiles.read_many` raised.
_Due: TypeAlias = Callable[[], list[bytes]]
_Ask: TypeAlias = Callable[[Sequence[Tile]], _Due]


@dataclass(frozen=True, slots=True)
class Slice:
    """Leaves that follow those judged so far.

    Args:
        size: leaves of the log up to its end.
        bundles: what holds its entries; the first may begin before it.
        tiles: what its leaves change, and is to be compared: none that no head had.
    """

    size: int
    bundles: tuple[Tile, ...]
    tiles: tuple[Tile, ...]
    _bundles_due: _Due
    _tiles_due: _Due

    def get_bundles(self) -> list[bytes]:
        """The bytes of the bundles; errors as `ServedTiles.read_many`."""
        return self._bundles_due()

    def get_tiles(self) -> list[bytes]:
        """The bytes of the tiles; errors as `ServedTiles.read_many`."""
        return self._tiles_due()


def iter_slices(served: ServedTiles, *, start: int, size: int) -> Generator[Slice]:
    """The slices from `start` leaves up to `size`, ascending; each ends at whole tiles.

    The first is fetched when it is asked for its bytes, each later one by a thread
    while the one before it is worked on. What fails there is raised in its turn only:
    a lie in the slice before is met first.
    """
    whole = range((start // SLICE + 1) * SLICE, size, SLICE)
    parts = pairwise([start, *whole, size])
    pool = ThreadPoolExecutor(1)

    def fetch_now(tiles: Sequence[Tile]) -> _Due:
        return partial(served.read_many, tiles)

    def fetch_ahead(tiles: Sequence[Tile]) -> _Due:
        return pool.submit(served.read_many, tiles).result

    try:
        at_hand = _slice(*next(parts), size, fetch_now)
        for first, end in parts:
            following = _slice(first, end, size, fetch_ahead)
            yield at_hand
            at_hand = following
        yield at_hand
    finally:
        # After a lie nobody waits for files that nobody needs.
        pool.shutdown(wait=False, cancel_futures=True)


def _slice(start: int, end: int, size: int, ask: _Ask) -> Slice:
    bundles = tuple(changed_bundles(old_size=start, new_size=end))
    # A partial tile was published only where a head ended.
    tiles = tuple(
        tile
        for tile in changed_tiles(old_size=start, new_size=end)
        if end == size or tile.width == TILE_WIDTH
    )
    return Slice(end, bundles, tiles, ask(bundles), ask(tiles))
