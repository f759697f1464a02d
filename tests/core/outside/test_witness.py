"""The witness over HTTP: a published conversation, and what it must never do."""

import http.client
import re
import threading
from contextlib import contextmanager
from hashlib import sha256

import pytest

from apps.core.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from apps.core.errors import LedgerConflict, MalformedInput, ProofError
from apps.core.merkle import EMPTY_ROOT
from apps.core.note import Note
from apps.core.notekey import SignatureType, SignerKey, VerifierKey
from apps.core.outside.witness import read_signers, run
from apps.core.outside.witness_http import WitnessServer
from apps.core.outside.witness_state import WitnessState, origin_hash
from apps.core.tree import MemoryTree, consistency_path
from apps.core.witness import AddCheckpoint, verify_growth
from tests.vectors import vectors_path

ORIGIN = "trace.example/log"
LOG = SignerKey.generate(ORIGIN, SignatureType.ED25519)
LOG_PQ = SignerKey.generate(ORIGIN, SignatureType.COSIGNATURE_MLDSA44)
WITNESSES = (
    SignerKey.generate("witness.example/w", SignatureType.COSIGNATURE_ED25519),
    SignerKey.generate("witness.example/w", SignatureType.COSIGNATURE_MLDSA44),
)
NOW = 1_772_442_000


def tree(size, *, branch=b""):
    return MemoryTree(sha256(b"\0" + branch + bytes([n])).digest() for n in range(size))


def note(grown, *, signers=(LOG, LOG_PQ)):
    head = Checkpoint(ORIGIN, grown.size, grown.root())
    return sign_checkpoint(head, signers, time_seconds=NOW).format()


def request(old, grown, **options):
    path = consistency_path(grown, old_size=old, new_size=grown.size)
    return AddCheckpoint(old, tuple(path), note(grown, **options))


def head_of(data):
    return Checkpoint.parse(Note.parse(data).text)


@pytest.fixture
def state(tmp_path):
    return WitnessState(tmp_path / "state.sqlite3")


def cosign(state, asked, *, log_keys=(LOG.verifier, LOG_PQ.verifier)):
    return state.cosign(asked, log_keys=log_keys, signers=WITNESSES, time_seconds=NOW)


@contextmanager
def serving(state, *, log_keys, signers=WITNESSES):
    server = WitnessServer(
        ("127.0.0.1", 0), state=state, log_keys=log_keys, signers=signers
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        connection.close()


def test_the_published_conversation_is_answered_alike(state):
    path = "crypto/torchwood/cmd/litewitness/testdata/litewitness.txt"
    text = vectors_path(path).read_text()
    key = bytes.fromhex(re.search(r"-key=([0-9a-f]{64})", text)[1])
    said = re.findall(
        r"```\n(old .*?)```\nHTTP (\d+)\n\[Asserts\]\nbody (.*?)\n", text, re.S
    )
    name = said[0][0].split("\n\n")[1].split("\n")[0]
    log = VerifierKey(name, SignatureType.ED25519, key)
    # Since then the text answers an unknown log by 404 (tlog-witness v1).
    newer = {("403", 'contains "unknown log"'): 404}

    with serving(state, log_keys=[log]) as port:
        for body, status, wanted in said:
            got, kind, answer = ask(port, "POST", "/add-checkpoint", body.encode())

            assert got == newer.get((status, wanted), int(status)), wanted
            if status == "409":
                assert kind == "text/x.tlog.size"
                assert answer.decode() == wanted.removeprefix('== "').replace(
                    '\\n"', "\n"
                )
            if status == "200":
                assert answer.startswith("\N{EM DASH} witness.example/w ".encode())
        status, _, kept = ask(port, "GET", f"/{origin_hash(name)}/checkpoint")

    assert (status, head_of(kept).tree_size) == (200, 5)
    keys = [each.verifier for each in WITNESSES]
    signed = open_checkpoint(kept, log_keys=[log], witness_keys=keys)
    assert len(signed.cosignatures) == 2


def test_a_log_that_only_appends_is_cosigned_again_and_again(state):
    first, grown = tree(5), tree(12)

    cosign(state, request(0, first))
    cosign(state, request(5, first))  # an idle log asks again for the same size
    lines = cosign(state, request(5, grown))

    assert [line.key_id for line in lines] == [
        each.verifier.key_id for each in WITNESSES
    ]
    kept = state.find_note(origin_hash(ORIGIN))
    assert head_of(kept) == Checkpoint(ORIGIN, 12, grown.root())
    assert state.list_evidence() == []


def test_a_fork_is_refused_and_kept_as_evidence(state):
    cosign(state, request(0, tree(5)))
    fork = tree(9, branch=b"other")

    with pytest.raises(ProofError):
        cosign(state, request(5, fork))

    assert head_of(state.find_note(origin_hash(ORIGIN))).tree_size == 5
    ((at, code, asked, known),) = state.list_evidence()
    assert (at, code) == (NOW, "root_mismatch")
    assert head_of(AddCheckpoint.parse(asked).note).root_hash == fork.root()
    assert head_of(known).tree_size == 5


def test_a_log_rolled_back_is_refused_and_kept(state):
    cosign(state, request(0, tree(9)))

    with pytest.raises(LedgerConflict) as refused:
        cosign(state, request(3, tree(5)))

    assert refused.value.wanted == "9"
    assert len(state.list_evidence()) == 1


def test_asking_for_the_size_is_no_lie(state):
    cosign(state, request(0, tree(5)))

    with pytest.raises(LedgerConflict) as refused:
        cosign(state, request(0, tree(9)))

    assert (refused.value.wanted, state.list_evidence()) == ("5", [])


def test_the_memory_outlives_the_process(state, tmp_path):
    cosign(state, request(0, tree(5)))
    again = WitnessState(tmp_path / "state.sqlite3")

    with pytest.raises(LedgerConflict):
        cosign(again, request(0, tree(5)))


def test_of_two_who_ask_at_once_nobody_rolls_the_other_back(state):
    cosign(state, request(0, tree(4)))
    sizes = [8, 16, 32, 64]
    barrier, done = threading.Barrier(len(sizes)), []

    def grow(size):
        asked = request(4, tree(size))
        barrier.wait(10)
        try:
            cosign(state, asked)
            done.append(size)
        except LedgerConflict:
            return

    threads = [threading.Thread(target=grow, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 1
    assert head_of(state.find_note(origin_hash(ORIGIN))).tree_size == done[0]


@pytest.mark.parametrize(
    ("asked", "known", "error"),
    [
        (AddCheckpoint(6, (), note(tree(5))), None, MalformedInput),
        (AddCheckpoint(0, (bytes(32),), note(tree(5))), None, ProofError),
        (AddCheckpoint(5, (bytes(32),), note(tree(5))), tree(5), ProofError),
        (AddCheckpoint(5, (), note(tree(5, branch=b"x"))), tree(5), ProofError),
        (AddCheckpoint(5, (), note(tree(9))), tree(5), ProofError),
    ],
)
def test_what_does_not_go_on_from_there_is_refused(asked, known, error):
    latest = known and Checkpoint(ORIGIN, known.size, known.root())

    with pytest.raises(error):
        verify_growth(asked, log_keys=[LOG.verifier], latest=latest)


def test_an_empty_log_has_the_empty_root():
    def of(root):
        head = Checkpoint(ORIGIN, 0, root)
        signed = sign_checkpoint(head, [LOG], time_seconds=NOW).format()
        return AddCheckpoint(0, (), signed)

    verify_growth(of(EMPTY_ROOT), log_keys=[LOG.verifier], latest=None)
    with pytest.raises(ProofError):
        verify_growth(of(bytes(32)), log_keys=[LOG.verifier], latest=None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n" + note(tree(5)),
        b"old 0\nAAAA\n\n" + note(tree(5)),
        b"size 0\n\n" + note(tree(5)),
        b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + note(tree(5)),
        b"old 0\n\nnot a note",
        b"\xff\n\n" + note(tree(5)),
    ],
)
def test_a_request_that_cannot_be_read_is_malformed(state, body):
    with pytest.raises(MalformedInput):
        AddCheckpoint.parse(body)
    with serving(state, log_keys=[LOG.verifier]) as port:
        status, _, text = ask(port, "POST", "/add-checkpoint", body)

    assert (status, bool(text)) == (400, True)
    assert state.find_note(origin_hash(ORIGIN)) is None


def test_other_addresses_and_lengths_are_refused(state):
    with serving(state, log_keys=[LOG.verifier]) as port:
        assert ask(port, "GET", "/")[0] == 404
        assert ask(port, "GET", f"/{'0' * 64}/checkpoint")[0] == 404
        assert ask(port, "POST", "/sign-subtree", b"")[0] == 404
        chunked = {"Transfer-Encoding": "chunked"}
        assert ask(port, "POST", "/add-checkpoint", b"0\r\n\r\n", chunked)[0] == 411
        large = {"Content-Length": str(1 << 40)}
        assert ask(port, "POST", "/add-checkpoint", b"", large)[0] == 413


def test_a_request_reads_back_as_it_was_written():
    asked = request(5, tree(12))

    assert AddCheckpoint.parse(asked.format()) == asked


def test_keys_are_made_once_and_read_back(tmp_path, capsys):
    out = tmp_path / "witness.key"
    options = ["keygen", "--name", "witness.example/w1", "--out", str(out)]

    assert run(options) == 0
    assert run(options) == 2  # never over an existing file

    shown = capsys.readouterr().out.splitlines()
    signers = read_signers(str(out))
    assert [each.verifier.format() for each in signers] == shown
    assert [each.kind for each in signers] == [
        SignatureType.COSIGNATURE_ED25519,
        SignatureType.COSIGNATURE_MLDSA44,
    ]
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_logs_key_does_not_cosign(tmp_path):
    (tmp_path / "log.key").write_text(LOG.format() + "\n")

    with pytest.raises(MalformedInput):
        read_signers(str(tmp_path / "log.key"))


def test_evidence_is_printed_as_two_signed_heads(state, tmp_path, capsys):
    cosign(state, request(0, tree(5)))
    with pytest.raises(ProofError):
        cosign(state, request(5, tree(9, branch=b"other")))

    assert run(["evidence", "--state", str(tmp_path / "state.sqlite3")]) == 0

    printed = capsys.readouterr().out
    assert printed.count(f"{ORIGIN}\n") == 2
    assert "root_mismatch" in printed
