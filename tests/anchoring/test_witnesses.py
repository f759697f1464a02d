"""Witnesses under the log: quorum before publication, and what they alone can see."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.clients import witnesses
from apps.anchoring.models import Cosignature, SignedNote, WitnessState
from apps.anchoring.operations import open_stores
from apps.core.checkpoint import Checkpoint as Head
from apps.core.checkpoint import sign_checkpoint
from apps.core.errors import IntegrityBreach, ProofError, Unavailable
from apps.core.merkle import leaf_hash
from apps.core.note import NoteSignature
from apps.core.notekey import SignatureType, SignerKey
from apps.core.outside.witness_http import WitnessServer
from apps.core.outside.witness_state import WitnessState as Memory
from apps.core.policy import Policy, open_trusted_checkpoint
from apps.core.tree import MemoryTree, consistency_path
from apps.core.witness import AddCheckpoint
from apps.ledger import operations as ledger_operations
from apps.ledger import queries as ledger_queries
from apps.ledger.models import Leaf
from tests.anchoring.outsider import read_entries, verify_public
from tests.ledger.sayings import AT, append, saying

pytestmark = pytest.mark.django_db(transaction=True)

SOON = timedelta(seconds=1)


def say(*words: str) -> None:
    append(saying(*words))


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


@pytest.fixture
def network(settings, tmp_path, log) -> Iterator[Network]:
    settings.WITNESS_POLICY = tmp_path / "witness-policy"
    settings.WITNESS_POLICY_REQUIRED = True
    network = Network(tmp_path, settings.WITNESS_POLICY)
    operations._CONFIRMED.clear()
    yield network
    for one in network.all:
        one.end()


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


def test_every_head_is_cosigned_before_it_is_published(network, log):
    for number in range(3):
        say(f"lot {number}")
        result = operations.sequence(at=AT + number * SOON)
        assert result is not None
        assert result.is_published
        assert published(log) == result.size == 2 * number + 2
        assert cosigners(log) == {"one", "two", "three"}

    assert verify_public(log) == 6
    assert queries.status(at=AT).witnesses_label == "3 of 3 witnesses"
    assert [row.seals for row in queries.list_rows(limit=1)] == [
        ("localhost:8000/pharmatrace", "one", "three", "two")
    ]


def test_without_a_quorum_the_last_good_head_stays(network, log):
    say("lot A")
    operations.sequence(at=AT)
    network.all[0].end()
    network.all[1].end()
    say("lot B")

    result = operations.sequence(at=AT + SOON)

    assert (result.size, result.is_published) == (4, False)
    assert published(log) == 2
    late = queries.status(at=AT + timedelta(seconds=90))
    assert late.is_late
    assert late.log_size == 2

    network.all[0].start()
    operations.sequence(at=AT + timedelta(seconds=2))
    assert published(log) == 4
    assert cosigners(log) == {"one", "three"}
    assert not queries.status(at=AT + timedelta(seconds=3)).is_late
    network.all[1].start()


def test_one_that_is_down_is_shown_and_let_be(network, log):
    network.all[2].end()
    say("lot A")
    operations.sequence(at=AT)

    assert cosigners(log) == {"one", "two"}
    assert queries.status(at=AT).witnesses_label == "2 of 3 witnesses"
    row = WitnessState.objects.get(witness="three")
    assert (row.fault, row.cosigned_at) == ("witness_silent", None)

    network.all[2].start()
    operations.sequence(at=AT + SOON)
    assert WitnessState.objects.get(witness="three").fault == "witness_silent"
    operations.sequence(at=AT + timedelta(seconds=11))
    assert cosigners(log) == {"one", "two", "three"}
    assert WitnessState.objects.get(witness="three").fault == ""


def test_an_idle_log_is_cosigned_again_each_minute(network, log):
    say("lot A")
    operations.sequence(at=AT)
    before = (log / "checkpoint").read_bytes()

    operations.sequence(at=AT + timedelta(seconds=59))
    assert (log / "checkpoint").read_bytes() == before
    operations.sequence(at=AT + timedelta(seconds=60))

    assert set(Cosignature.objects.values_list("cosigned_at", flat=True)) == {
        AT + timedelta(seconds=60)
    }
    assert queries.status(at=AT + timedelta(seconds=65)).age_seconds == 5
    assert published(log) == 2
    assert Leaf.objects.count() == 2


def test_a_witness_that_joins_late_starts_from_nothing(network, log):
    for number in range(5):
        say(f"lot {number}")
        operations.sequence(at=AT + number * SOON)
    network.all[2].end()
    network.all[2].memory.unlink()
    network.all[2].start()
    say("lot Z")

    operations.sequence(at=AT + timedelta(seconds=20))

    assert cosigners(log) == {"one", "two", "three"}
    assert published(log) == 12


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


def test_what_was_set_back_all_together_is_seen_by_witnesses_alone(network, log):
    say("lot A")
    operations.sequence(at=AT)
    grow_elsewhere(network, log, 2)
    restart()
    say("lot B")

    with pytest.raises(IntegrityBreach, match="witnesses_contradict"):
        operations.sequence(at=AT + SOON)

    assert "witness other size; got 4" in ledger_queries.find_quarantine().reason
    assert SignedNote.objects.count() == 1
    assert published(log) == 2


def test_a_fork_of_the_same_size_is_not_cosigned(network, log):
    say("lot A")
    operations.sequence(at=AT)
    grow_elsewhere(network, log, 2)
    say("lot B")

    # This process was confirmed already: it signs, but nobody cosigns.
    with pytest.raises(IntegrityBreach, match="witnesses_contradict"):
        operations.sequence(at=AT + SOON)

    assert "root mismatch" in ledger_queries.find_quarantine().reason
    assert published(log) == 2


def test_a_lock_store_that_went_back_is_seen_by_the_database(network, log, settings):
    say("lot A")
    operations.sequence(at=AT)
    outside = Path(settings.LOCK_STORE)
    before = outside.read_bytes(), (log / "checkpoint").read_bytes()
    say("lot B")
    operations.sequence(at=AT + SOON)
    outside.write_bytes(before[0])
    (log / "checkpoint").write_bytes(before[1])
    restart()

    with pytest.raises(IntegrityBreach, match="lock_store_behind"):
        operations.sequence(at=AT + 2 * SOON)


def test_nothing_is_signed_before_a_quorum_has_spoken(network, log):
    say("lot A")
    operations.sequence(at=AT)
    say("lot B")
    restart()
    for one in network.all:
        one.end()

    assert operations.sequence(at=AT + SOON) is None
    assert SignedNote.objects.count() == 1

    for one in network.all:
        one.start()
    assert operations.sequence(at=AT + 2 * SOON).size == 4


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

    return Serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler))


LIES = {
    "ahead": (409, b"9999\n"),
    "not a size": (409, b"many\n"),
    "never heard of you": (404, b"unknown log\n"),
    "inconsistent": (422, b"no\n"),
    "nothing": (200, b""),
    "html": (200, b"<html>\n"),
    "no utf-8": (200, b"\xff\n"),
    "somebody else's": (200, b"\xe2\x80\x94 x.example/w CMp+6LWBU0anHGH5\n"),
    "elsewhere": (302, b""),
    "broken": (500, b"oops"),
    "too much": (200, b"\xe2\x80\x94 " * 40_000),
}


@pytest.mark.parametrize("lie", LIES)
def test_one_that_lies_is_shown_and_stops_nobody(network, log, lie):
    server = answering(lambda _body: LIES[lie])
    network.all[2].end()
    network.all[2].port = server.server.server_address[1]
    network.write("2")
    say("lot A")
    try:
        for number in range(3):
            operations.sequence(at=AT + number * timedelta(seconds=11))
    finally:
        server.end()
        network.all[2].port = 0
        network.all[2].start()

    assert cosigners(log) == {"one", "two"}
    assert WitnessState.objects.get(witness="three").fault
    assert ledger_queries.find_quarantine() is None


def test_a_forged_cosignature_is_not_published(network, log):
    honest = network.all[2]
    forger = SignerKey(
        honest.signer.name,
        honest.signer.kind,
        SignerKey.generate("x", honest.signer.kind).seed,
    )

    def reply(body: bytes) -> tuple[int, bytes]:
        text = body.partition(b"\n\n")[2].partition(b"\n\n")[0].decode() + "\n"
        line = forger.sign(text, time_seconds=1).line
        own = honest.signer.verifier.key_id
        forged = NoteSignature.parse(line.rstrip("\n"))
        return 200, NoteSignature(forged.name, own, forged.signature).line.encode()

    server = answering(reply)
    honest.end()
    honest.port = server.server.server_address[1]
    network.write("2")
    say("lot A")
    try:
        operations.sequence(at=AT)
    finally:
        server.end()
        honest.port = 0
        honest.start()

    assert cosigners(log) == {"one", "two"}
    assert WitnessState.objects.get(witness="three").fault == "bad_note_signature"


def test_a_trickle_does_not_hold_the_log(network, log, monkeypatch):
    monkeypatch.setattr(witnesses, "ANSWER_SECONDS", 0.3)
    gate = threading.Event()

    def reply(_body: bytes) -> tuple[int, bytes]:
        gate.wait(5)
        return 200, b""

    server = answering(reply)
    network.all[2].end()
    network.all[2].port = server.server.server_address[1]
    network.write("2")
    say("lot A")
    try:
        operations.sequence(at=AT)
        assert cosigners(log) == {"one", "two"}
        assert WitnessState.objects.get(witness="three").fault == "witness_silent"
    finally:
        gate.set()
        server.end()
        network.all[2].port = 0
        network.all[2].start()


def test_a_quorum_that_contradicts_stops_the_log(network, log):
    servers = [answering(lambda _body: LIES["inconsistent"]) for _ in range(2)]
    for one, server in zip(network.all, servers, strict=False):
        one.end()
        one.port = server.server.server_address[1]
    network.write("2")
    say("lot A")
    try:
        with pytest.raises(IntegrityBreach, match="witnesses_contradict"):
            operations.sequence(at=AT)
    finally:
        for one, server in zip(network.all, servers, strict=False):
            server.end()
            one.port = 0
            one.start()

    assert ledger_queries.find_quarantine() is not None
    assert not (log / "checkpoint").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "policy_missing"),
        ("quorum\n", "policy_unusable"),
        ("log {log}\nquorum none\n", "policy_unusable"),
        ("witness w {witness} ftp://w.example\nquorum w\n", "policy_unusable"),
        ("witness w {witness}\nquorum w\n", "policy_unusable"),
    ],
)
def test_a_policy_that_cannot_be_read_publishes_nothing(network, log, text, code):
    key = network.all[0].signer.verifier.format()
    if text is None:
        network.policy.unlink()
    else:
        own = open_stores().keys[0].format()
        network.policy.write_text(text.format(log=own, witness=key))
    say("lot A")

    with pytest.raises(Unavailable) as refused:
        operations.sequence(at=AT)

    assert refused.value.code == code
    assert not (log / "checkpoint").exists()
    assert queries.status(at=AT).witnesses_label == "witnesses unknown"


def test_a_reader_with_the_policy_refuses_what_too_few_cosigned(network, log):
    say("lot A")
    operations.sequence(at=AT)
    policy = Policy.parse((log / "policy").read_bytes())
    bare = SignedNote.objects.get().note.encode()

    with pytest.raises(ProofError, match="no quorum"):
        open_trusted_checkpoint(bare, policy)


def test_a_lost_lock_store_is_filled_by_a_quorum(network, log, settings):
    for number in range(2):
        say(f"lot {number}")
        operations.sequence(at=AT + number * SOON)
    lock = Path(settings.LOCK_STORE)
    before = lock.read_bytes()
    lock.unlink()
    restart()
    with pytest.raises(IntegrityBreach, match="lock_store_lost"):
        operations.sequence(at=AT + 2 * SOON)
    network.all[0].end()

    head = operations.reseed_from_witnesses()

    assert head.size == 4
    assert lock.read_bytes() == before
    ledger_operations.lift_quarantine()
    say("lot Z")
    assert operations.sequence(at=AT + 3 * SOON).is_published
    assert published(log) == 6
    network.all[0].start()


def test_a_lock_store_is_not_filled_beside_an_older_database(network, log, settings):
    say("lot A")
    operations.sequence(at=AT)
    grow_elsewhere(network, log, 2)
    Path(settings.LOCK_STORE).unlink()

    with pytest.raises(IntegrityBreach, match="database behind; got 2; wanted the"):
        operations.reseed_from_witnesses()

    assert not Path(settings.LOCK_STORE).exists()


def test_a_lock_store_is_not_filled_without_need_or_without_quorum(
    network, log, settings
):
    say("lot A")
    operations.sequence(at=AT)
    with pytest.raises(IntegrityBreach, match="lock store there"):
        operations.reseed_from_witnesses()
    lock = Path(settings.LOCK_STORE)
    lock.unlink()
    network.all[0].end()
    network.all[1].end()

    with pytest.raises(Unavailable, match="no quorum; got three; wanted quorum all"):
        operations.reseed_from_witnesses()

    assert not lock.exists()
    network.all[0].start()
    network.all[1].start()
