"""The published tiles, bundles and recalls against what leaves and statements make."""

from __future__ import annotations

from collections.abc import Iterator

from apps.anchoring import queries as anchoring
from apps.core.merkle import HASH_SIZE
from apps.core.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    format_bundle,
    full_tile_root,
)
from apps.ledger import queries as ledger
from pharmatrace.fsck.finding import Finding


class FileChecker:
    """Fed with the leaves in order, it compares every file up to `size` leaves.

    Memory is one tile a level and one bundle.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._seen = 0
        self._entries: list[bytes] = []
        self._levels: list[list[bytes]] = [[]]
        self._counts: list[int] = [0]  # full tiles so far, a level each

    def add(self, entry: bytes, digest: bytes) -> Iterator[Finding]:
        """Take the next leaf; findings for every file that it completes."""
        if self._seen >= self._size:
            return
        self._entries.append(entry)
        self._levels[0].append(digest)
        self._seen += 1
        if len(self._entries) == TILE_WIDTH:
            yield from self._check_bundle()
            yield from self._close(0)
        if self._seen == self._size:
            yield from self._check_edge()

    def _check_bundle(self) -> Iterator[Finding]:
        index = (self._seen - 1) // TILE_WIDTH
        tile = Tile(ENTRIES, index, len(self._entries))
        yield from _compare(tile, format_bundle(self._entries))
        self._entries = []

    def _close(self, level: int) -> Iterator[Finding]:
        """Compare a full tile and hand its root to the level above."""
        data = b"".join(self._levels[level])
        yield from _compare(Tile(level, self._counts[level]), data)
        self._levels[level] = []
        self._counts[level] += 1
        if level + 1 == len(self._levels):
            self._levels.append([])
            self._counts.append(0)
        self._levels[level + 1].append(full_tile_root(data))
        if len(self._levels[level + 1]) == TILE_WIDTH:
            yield from self._close(level + 1)

    def _check_edge(self) -> Iterator[Finding]:
        """Compare the partial files of the published size."""
        if self._entries:
            yield from self._check_bundle()
        for level, hashes in enumerate(self._levels):
            if hashes:
                tile = Tile(level, self._counts[level], len(hashes))
                yield from _compare(tile, b"".join(hashes))


def check_recalls(size: int) -> Iterator[Finding]:
    """The published recalls against the statements with leaves below `size`."""
    for statement_id in ledger.list_published(start=0, stop=size):
        wanted = anchoring.build_recall_file(statement_id)
        found = anchoring.find_recall_file(statement_id)
        if wanted is None:
            continue  # erased here; what was published stays with whoever has it
        if found is None:
            yield Finding("recall_missing", f"recalls/{statement_id}")
        elif found != wanted:
            yield Finding("recall_differs", f"recalls/{statement_id}")
    # Files are written before their head is signed, so some may be ahead of it.
    known = ledger.list_published(start=0, stop=ledger.count_leaves())
    for stray in sorted({*anchoring.list_recall_files()} - {*known}):
        yield Finding("recall_unknown", f"recalls/{stray}")


def _compare(tile: Tile, wanted: bytes) -> Iterator[Finding]:
    found = anchoring.find_tile(tile)
    if found is None:
        yield Finding("tile_missing", tile.path)
    elif found != wanted:
        yield Finding("tile_differs", _place(tile, found, wanted))


def _place(tile: Tile, found: bytes, wanted: bytes) -> str:
    """Which leaf or hash of the file is the first that differs."""
    same = next(
        (
            at
            for at, (one, other) in enumerate(zip(found, wanted, strict=False))
            if one != other
        ),
        min(len(found), len(wanted)),
    )
    if tile.level == 0:
        return f"{tile.path}, leaf {tile.index * TILE_WIDTH + same // HASH_SIZE}"
    if tile.level == ENTRIES:
        entry_bytes = len(wanted) // tile.width
        return f"{tile.path}, leaf {tile.index * TILE_WIDTH + same // entry_bytes}"
    return f"{tile.path}, hash {same // HASH_SIZE}"
