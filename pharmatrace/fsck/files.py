"""The tree over the leaves, and the published tiles, bundles and recalls against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from apps.anchoring import queries as anchoring
from apps.core.merkle import EMPTY_ROOT, HASH_SIZE, RootBuilder, node_hash
from apps.core.tiles import ENTRIES, TILE_WIDTH, Tile, format_bundle
from apps.ledger import queries as ledger
from pharmatrace.fsck.finding import Finding


@dataclass(slots=True)
class _Level:
    """The last tile of a level: its hashes, their tree, how many full ones came before."""

    hashes: list[bytes] = field(default_factory=list)
    tree: RootBuilder = field(default_factory=RootBuilder)
    full: int = 0


class TreeChecker:
    """Fed with the leaves in order, it compares every file up to `published` leaves.

    Memory is one tile a level and one bundle.
    """

    def __init__(self, published: int) -> None:
        self.size = 0
        self._published = published
        self._entries: list[bytes] = []
        self._levels = [_Level()]

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """The right edge, as `RootBuilder` has it."""
        levels = reversed(self._levels)
        return tuple(part for level in levels for part in level.tree.frontier)

    def root(self) -> bytes:
        """The tree hash over all leaves so far."""
        *rest, root = self.frontier or (EMPTY_ROOT,)
        for left in reversed(rest):
            root = node_hash(left, root)
        return root

    def extend(
        self, entries: Sequence[bytes], hashes: Sequence[bytes]
    ) -> Iterator[Finding]:
        """Take the next leaves; findings for every file that they complete."""
        at = 0
        while at < len(hashes):
            most = TILE_WIDTH - self.size % TILE_WIDTH
            if self.size < self._published:
                most = min(most, self._published - self.size)
            self._take(entries[at : at + most], hashes[at : at + most])
            yield from self._check_files()
            at += most

    def _take(self, entries: Sequence[bytes], hashes: Sequence[bytes]) -> None:
        level = self._levels[0]
        level.hashes += hashes
        level.tree.extend(hashes)
        self._entries += entries
        self.size += len(hashes)

    def _check_files(self) -> Iterator[Finding]:
        """The files that end with the last leaf."""
        is_full, is_edge = not self.size % TILE_WIDTH, self.size == self._published
        if self.size <= self._published and (is_full or is_edge):
            index = (self.size - 1) // TILE_WIDTH
            bundle = format_bundle(self._entries)
            yield from _compare(Tile(ENTRIES, index, len(self._entries)), bundle)
        if is_full:
            self._entries = []
            yield from self._close(0)
        if is_edge:
            yield from self._check_edge()

    def _close(self, number: int) -> Iterator[Finding]:
        """Compare a full tile and hand its root to the level above."""
        level = self._levels[number]
        if self.size <= self._published:
            yield from _compare(Tile(number, level.full), b"".join(level.hashes))
        root = level.tree.root()
        level.hashes, level.tree, level.full = [], RootBuilder(), level.full + 1
        if number + 1 == len(self._levels):
            self._levels.append(_Level())
        above = self._levels[number + 1]
        above.hashes.append(root)
        above.tree.append(root)
        if len(above.hashes) == TILE_WIDTH:
            yield from self._close(number + 1)

    def _check_edge(self) -> Iterator[Finding]:
        """Compare the partial tiles of the published size."""
        for number, level in enumerate(self._levels):
            if level.hashes:
                tile = Tile(number, level.full, len(level.hashes))
                yield from _compare(tile, b"".join(level.hashes))


def check_recalls(size: int, *, files: Set[str]) -> Iterator[Finding]:
    """The published recalls against the statements with leaves below `size`.

    Args:
        files: under which ids there were any before the statements were read.
    """
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
    for stray in sorted(files - {*known}):
        yield Finding("recall_unknown", f"recalls/{stray}")


def _compare(tile: Tile, wanted: bytes) -> Iterator[Finding]:
    found = _find(tile)
    if found is None:
        yield Finding("tile_missing", tile.path)
    elif found != wanted:
        yield Finding("tile_differs", _place(tile, found, wanted))
    # Those of earlier heads stay until the tile is full, for who still asks for them.
    for partial in anchoring.list_partials(tile):
        if 0 < partial.width < tile.width:
            begin = wanted[: len(wanted) // tile.width * partial.width]
            found = anchoring.find_tile(partial)
            if found not in (None, begin):
                yield Finding("tile_differs", _place(partial, found or b"", begin))


def _find(tile: Tile) -> bytes | None:
    """A partial file goes when its tile has become full: then it is the beginning."""
    found = anchoring.find_tile(tile)
    if found is not None or tile.width == TILE_WIDTH:
        return found
    full = anchoring.find_tile(Tile(tile.level, tile.index))
    return full and full[: len(full) // TILE_WIDTH * tile.width]


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
