"""Real witnesses for tests of the log, and servers that only pretend to be."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from apps.anchoring import operations, queries
from apps.anchoring.operations import open_stores
from apps.core.checkpoint import Checkpoint as Head
from apps.core.checkpoint import sign_checkpoint
from apps.core.merkle import leaf_hash
from apps.core.notekey import SignatureType, SignerKey
from apps.core.outside.witness_http import WitnessServer
from apps.core.outside.witness_state import WitnessState as Memory
from apps.core.policy import Policy, open_trusted_checkpoint
from apps.core.tree import MemoryTree, consistency_path
from apps.core.witness import AddCheckpoint
from tests.anchoring.outsider import read_entries


class Serving:
    """Any HTTP server in a thread of its own, on a port that stays its own."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Witness:
    """A real witness: its key, its memory, and its server while it is up."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.memory = folder / f"{name}.sqlite3"
        kind = SignatureType.COSIGNATURE_ED25519
        self.signer = SignerKey.generate(f"{name}.example/w", kind)
        self.port = 0
        self.start()

    def start(self) -> None:
        server = WitnessServer(
            ("127.0.0.1", self.port),
            state=Memory(self.memory),
            log_keys=open_stores().keys,
            signers=[self.signer],
        )
        self.serving = Serving(server)
        self.port = server.server_address[1]

    def end(self) -> None:
        self.serving.end()

    @property
    def line(self) -> str:
        key = self.signer.verifier.format()
        return f"witness {self.name} {key} http://127.0.0.1:{self.port}\n"


class Network:
    """Three witnesses of which two must cosign."""

    def __init__(self, folder: Path, policy: Path) -> None:
        self.all = [Witness(folder, name) for name in ("one", "two", "three")]
        self.policy = policy
        self.write("2")

    def write(self, threshold: str, *extra: str) -> None:
        lines = [one.line for one in self.all]
        names = " ".join(one.name for one in self.all)
        lines += [*extra, f"group all {threshold} {names}\n", "quorum all\n"]
        self.policy.write_text("".join(lines))

    @contextmanager
    def pretending(
        self, reply: Callable[[bytes], tuple[int, bytes]], *names: str
    ) -> Iterator[None]:
        """The named witnesses replaced by servers that say whatever `reply` says."""
        replaced = [one for one in self.all if one.name in names]
        servers = [answering(reply) for _ in replaced]
        for one, server in zip(replaced, servers, strict=True):
            one.end()
            one.port = server.server.server_address[1]
        self.write("2")
        try:
            yield
        finally:
            for one, server in zip(replaced, servers, strict=True):
                server.end()
                one.port = 0
                one.start()


def published(log: Path) -> int:
    """The size that a reader believes, by the published policy alone."""
    policy = Policy.parse((log / "policy").read_bytes())
    return open_trusted_checkpoint(
        (log / "checkpoint").read_bytes(), policy
    ).checkpoint.tree_size


def cosigners(log: Path) -> set[str]:
    policy = Policy.parse((log / "policy").read_bytes())
    note = (log / "checkpoint").read_bytes()
    return set(policy.cosigned_names(open_trusted_checkpoint(note, policy)))


def restart() -> None:
    """As far as the sequencer can tell, a new process."""
    operations._CONFIRMED.clear()


def grow_elsewhere(network: Network, log: Path, count: int) -> None:
    """What witnesses saw of a ledger whose operator went back to an older copy."""
    stores = open_stores()
    note = stores.lock.read() or b""
    old_size = queries.read_head(note).size
    hashes = [leaf_hash(entry) for entry in read_entries(log, old_size)]
    tree = MemoryTree([*hashes, *(bytes([n]) * 32 for n in range(count))])
    later = sign_checkpoint(
        Head(stores.signers[0].name, tree.size, tree.root()),
        stores.signers,
        time_seconds=0,
    )
    path = consistency_path(tree, old_size=old_size, new_size=tree.size)
    for one in network.all:
        Memory(one.memory).cosign(
            AddCheckpoint(old_size, tuple(path), later.format()),
            log_keys=stores.keys,
            signers=[one.signer],
            time_seconds=1,
        )


def answering(reply: Callable[[bytes], tuple[int, bytes]]) -> Serving:
    """A server that says whatever `reply` says to a POST's body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = reply(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Serving(_Patient(("127.0.0.1", 0), Handler))


class _Patient(ThreadingHTTPServer):
    """Says nothing of clients that hang up: ours do so where an answer is too much."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        pass
