"""Signatures and the log, beside the bare arithmetic under them."""

from __future__ import annotations

import secrets

from apps.core.merkle import RootBuilder, leaf_hash
from apps.core.tiles import Tile, grow_tiles
from tests.bench.backlog import integration
from tests.bench.sealing import signatures
from tests.bench.world import seconds
from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.reading import Goal, NotRun, Reading, Row

_BATCH = 1_000


def verified(ground: Ground) -> list[Row]:
    """G16: every signature of the ledger again, beside the same ones alone."""
    one, many = signatures(
        rounds=ground.rounds, least=ground.few(20_000, 100), pages=ground.few(25, 1)
    )
    return [
        Reading.of("G16", one, Goal(least=1 / 1.5)),
        Reading.of("G16", many),
    ]


def merkle(ground: Ground) -> list[Row]:
    """G17: leaves into a tree and its tiles, 1,000 a time, beside their bare hashes."""
    size = ground.few(100_000, 2_000)
    values: list[float] = []
    floors: list[float] = []
    for _ in range(ground.rounds):
        leaves = [secrets.token_bytes(114) for _ in range(size)]
        floors.append(size / seconds(lambda d=leaves: [leaf_hash(x) for x in d]))
        values.append(size / seconds(lambda d=leaves: _appended(d)))
    whole = integration(
        ground.world, size=ground.few(20_000, 500), rounds=min(ground.rounds, 3)
    )
    return [
        Reading(
            "G17",
            "leaves appended to tree and tiles, 1,000 a time",
            "1/s",
            values,
            "their leaf hashes alone",
            floors,
            Goal(least=0.3),
        ),
        Reading.of("G17", whole),
        NotRun("G17", "beside pymerkle", "a foreign peer"),
        NotRun("G18", "CBV event hash", "the reference generator is a foreign peer"),
    ]


def _appended(leaves: list[bytes]) -> None:
    tiles: dict[Tile, bytes] = {}

    def read(level: int, index: int, width: int) -> bytes:
        return tiles[Tile(level, index, width)]

    builder = RootBuilder()
    for start in range(0, len(leaves), _BATCH):
        hashes = [leaf_hash(leaf) for leaf in leaves[start : start + _BATCH]]
        tiles |= grow_tiles(old_size=builder.size, leaf_hashes=hashes, read=read)
        builder.extend(hashes)
        builder.root()
    assert builder.size == len(leaves)
