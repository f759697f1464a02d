"""Measure of the monitor: a whole log derived again from its public files."""

import secrets
import struct
import tempfile
from hashlib import sha256
from itertools import islice
from pathlib import Path

from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.leaf import CONFIG_TAG, MAP_ROOT_TAG, VERSION, ZEROS, LeafType
from apps.core.map import MapValue
from apps.core.mapbuild import MapTree
from apps.core.merkle import RootBuilder
from apps.core.notekey import SignatureType, SignerKey
from apps.core.outside.monitor_http import HttpLog
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
from tests.bench.serving import serving
from tests.bench.world import seconds

_LOG = SignerKey.generate("bench.example/log", SignatureType.ED25519)
_POLICY = Policy.parse(f"log {_LOG.verifier.format()}\nquorum none\n".encode())
_LEAVES_PER_TAG = 10
_LEAVES_PER_RUN = 1_000


def write_log(folder: Path, size: int) -> None:
    """A signed log of so many leaves, as the files that it publishes."""
    entries = list(islice(_entries(max(1, size // _LEAVES_PER_TAG)), size))
    hashes = [sha256(b"\0" + entry).digest() for entry in entries]
    tiles = grow_tiles(old_size=0, leaf_hashes=hashes, read=lambda *_: b"")
    files = {tile.path: data for tile, data in tiles.items()}
    for tile in changed_bundles(old_size=0, new_size=size):
        start = tile.index * TILE_WIDTH
        files[tile.path] = format_bundle(entries[start : start + tile.width])
    builder = RootBuilder()
    builder.extend(hashes)
    head = Checkpoint(_LOG.name, size, builder.root())
    files["checkpoint"] = sign_checkpoint(head, [_LOG], time_seconds=1).format()
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


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
    """Leaves of a log over HTTP, from the first: tree, tiles, chains, map, state on disk.

    The log is served on this machine by another process.
    """
    size -= size % _LEAVES_PER_RUN
    data = [secrets.token_bytes(115) for _ in range(size)]
    values, floors = [], []
    with tempfile.TemporaryDirectory(prefix="pt-monitor-") as folder:
        write_log(Path(folder) / "log", size)
        with serving(Path(folder) / "log") as url:
            for number in range(rounds):
                floors.append(
                    size / seconds(lambda: [sha256(x).digest() for x in data])
                )
                with (
                    HttpLog(url) as files,
                    MonitorState(Path(folder) / f"state{number}") as state,
                ):
                    watch = Monitor(files, policy=_POLICY, state=state)
                    values.append(size / seconds(lambda w=watch: w.follow(now_ms=1)))
    return Figure(
        "leaves judged by the monitor, from the first",
        "1/s",
        tuple(values),
        "SHA-256 of as many leaves, hashlib",
        tuple(floors),
        f"{size:,} leaves over HTTP, {_LEAVES_PER_TAG} a tag, {_LEAVES_PER_RUN:,} a run",
    )
