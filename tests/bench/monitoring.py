"""Measure of the monitor: a whole log derived again from its public files."""

import secrets
import struct
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path

from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.leaf import CONFIG_TAG, MAP_ROOT_TAG, VERSION, ZEROS, LeafType
from apps.core.map import MapValue
from apps.core.mapbuild import MapTree
from apps.core.merkle import RootBuilder
from apps.core.notekey import SignatureType, SignerKey
from apps.core.outside.monitor_round import Monitor
from apps.core.outside.monitor_state import MonitorState
from apps.core.policy import Policy
from apps.core.tiles import (
    TILE_WIDTH,
    changed_bundles,
    format_bundle,
    grow_tiles,
)
from tests.bench.report import Figure
from tests.bench.world import seconds

_LOG = SignerKey.generate("bench.example/log", SignatureType.ED25519)
_POLICY = Policy.parse(f"log {_LOG.verifier.format()}\nquorum none\n".encode())
_LEAVES_PER_TAG = 10
_LEAVES_PER_RUN = 1_000


class PublicFiles:
    """A log's files in memory: what is measured is the monitor, not a network."""

    def __init__(self, size: int) -> None:
        entries = list(islice(_entries(max(1, size // _LEAVES_PER_TAG)), size))
        hashes = [sha256(b"\0" + entry).digest() for entry in entries]
        tiles = grow_tiles(old_size=0, leaf_hashes=hashes, read=lambda *_: b"")
        self.files = {tile.path: data for tile, data in tiles.items()}
        for tile in changed_bundles(old_size=0, new_size=size):
            start = tile.index * TILE_WIDTH
            part = entries[start : start + tile.width]
            self.files[tile.path] = format_bundle(part)
        builder = RootBuilder()
        builder.extend(hashes)
        head = Checkpoint(_LOG.name, size, builder.root())
        note = sign_checkpoint(head, [_LOG], time_seconds=1)
        self.files["checkpoint"] = note.format()

    def get_many(self, wanted: Sequence[tuple[str, int]]) -> list[bytes | None]:
        return [self.files.get(name) for name, _ in wanted]


def _entries(tags: int):
    """Runs of leaves of random tags, each with its map root, for ever."""
    pack = struct.Struct(">BBQ32sQ32s32s").pack
    names = [secrets.token_bytes(32) for _ in range(tags)]
    heads: dict[bytes, tuple[int, bytes, int]] = {}
    tree, changed = MapTree(), set()
    kind, tag, index = LeafType.CONFIG, CONFIG_TAG, 0
    while True:
        committed = secrets.token_bytes(32)
        if kind is LeafType.MAP_ROOT:
            tree.update({each: MapValue(*heads[each]) for each in changed})
            changed.clear()
            committed = tree.root()
        count, head, _ = heads.get(tag, (0, ZEROS, 0))
        time_ms = 1 + index // _LEAVES_PER_RUN
        entry = pack(VERSION, kind, time_ms, tag, count, head, committed)
        heads[tag] = (count + 1, sha256(b"\0" + entry).digest(), index)
        changed.add(tag)
        yield entry
        index += 1
        is_last = index % _LEAVES_PER_RUN == _LEAVES_PER_RUN - 1
        kind = LeafType.MAP_ROOT if is_last else LeafType.GOODS
        tag = MAP_ROOT_TAG if is_last else secrets.choice(names)


def monitor(*, size: int, rounds: int) -> Figure:
    """Leaves of a log from the first one: tree, tiles, chains, map, state on disk."""
    size -= size % _LEAVES_PER_RUN
    files = PublicFiles(size)
    data = [secrets.token_bytes(115) for _ in range(size)]
    values, floors = [], []
    for _ in range(rounds):
        floors.append(size / seconds(lambda: [sha256(x).digest() for x in data]))
        with (
            tempfile.TemporaryDirectory(prefix="pt-monitor-") as folder,
            MonitorState(Path(folder) / "state") as state,
        ):
            watch = Monitor(files, policy=_POLICY, state=state)
            values.append(size / seconds(lambda w=watch: w.follow(now_ms=1)))
    return Figure(
        "leaves judged by the monitor, from the first",
        "1/s",
        tuple(values),
        "SHA-256 of as many leaves, hashlib",
        tuple(floors),
        f"{size:,} leaves, {_LEAVES_PER_TAG} a tag, {_LEAVES_PER_RUN:,} a run",
    )
