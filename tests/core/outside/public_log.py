"""A log that grows by runs, as files in a folder, served on this machine alone."""

import hashlib
import threading
from contextlib import contextmanager
from functools import partial
from http.server import (
    BaseHTTPRequestHandler,
    SimpleHTTPRequestHandler,
    ThreadingHTTPServer,
)

from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.leaf import CONFIG_TAG, MAP_ROOT_TAG, Leaf, LeafType
from apps.core.mapbuild import MapTree
from apps.core.tiles import (
    TILE_WIDTH,
    changed_bundles,
    format_bundle,
    grow_tiles,
)
from apps.core.tree import MemoryTree
from tests.core.outside.small_ledger import AT, LOG, ORIGIN, WITNESS, Ledger


def digest(*parts):
    return hashlib.sha256(repr(parts).encode()).digest()


class GrowingLog(Ledger):
    """Leaves of random tags; `run` ends them by a map root."""

    def __init__(self, *, seed=0, tags=40):
        super().__init__()
        self.seed, self.tags, self.map = seed, tags, MapTree()

    def add(self, count, kind=LeafType.GOODS):
        for _ in range(count):
            number = len(self.leaves)
            chosen = int.from_bytes(digest(self.seed, number)[:4], "big") % self.tags
            self._leaf(kind, digest("tag", chosen), digest("said", self.seed, number))

    def run(self, count):
        """`count` leaves, the last of which is the map root."""
        self.time_ms += 1_000
        if not self.leaves:
            self._leaf(LeafType.CONFIG, CONFIG_TAG, digest("genesis"))
            count -= 1
        self.add(count - 1)
        self.seal()
        return self

    def seal(self):
        self._leaf(LeafType.MAP_ROOT, MAP_ROOT_TAG, self.map_root())

    def map_root(self):
        self.map.update(self.heads)
        return self.map.root()

    @property
    def entries(self):
        return [
            leaf.encode() if isinstance(leaf, Leaf) else leaf for leaf in self.leaves
        ]

    def note_of(self, size=None, *, signers=(LOG, WITNESS), root=None):
        size = len(self.leaves) if size is None else size
        if root is None:
            root = MemoryTree(hashes(self.entries[:size])).root()
        head = Checkpoint(ORIGIN, size, root)
        return sign_checkpoint(head, signers, time_seconds=AT // 1000).format()

    def publish(self, folder, *, signers=(LOG, WITNESS)):
        """Write what a log of these leaves serves; partial files of before stay."""
        for name, data in files_of(self.entries).items():
            write(folder, name, data)
        write(folder, "checkpoint", self.note_of(signers=signers))
        return self


def hashes(entries):
    return [hashlib.sha256(b"\0" + entry).digest() for entry in entries]


def files_of(entries):
    """Bundles and tiles by their names."""
    tiles = grow_tiles(old_size=0, leaf_hashes=hashes(entries), read=None)
    named = {tile.path: data for tile, data in tiles.items()}
    for tile in changed_bundles(old_size=0, new_size=len(entries)):
        start = tile.index * TILE_WIDTH
        named[tile.path] = format_bundle(entries[start : start + tile.width])
    return named


def write(folder, name, data):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


class Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, *_):
        pass


def answering(answer):
    """A handler whose every GET is answered by `answer(handler)`."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self):
            answer(self)

        def log_message(self, *_):
            pass

    return Answers


class Server(ThreadingHTTPServer):
    """Says nothing of clients that hang up: those under test do so on purpose."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


@contextmanager
def serving(handler):
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serving_files(folder):
    return serving(partial(Quiet, directory=str(folder)))
