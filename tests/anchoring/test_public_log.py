"""What the world fetches below /log/."""

import pytest

from apps.anchoring import operations, queries, tasks
from apps.anchoring.clients.log_key import log_signers
from apps.anchoring.clients.public_files import public_files
from apps.core.checkpoint import Checkpoint, open_checkpoint
from apps.core.leaf import Leaf, LeafType
from apps.core.note import Note
from apps.core.notekey import SignatureType
from apps.core.policy import Policy, open_trusted_checkpoint
from apps.core.proof import TlogProof, verify_proof
from apps.edge import secrets
from apps.ledger import operations as ledger_operations
from apps.ledger import queries as ledger
from apps.ledger.models import Pending
from tests.ledger.sayings import AT, append, say, saying

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged() -> None:
    append(saying(*(f"lot {number}" for number in range(300))))
    operations.sequence(at=AT)


def test_anybody_verifies_the_checkpoint_by_the_policy(client):
    policy = client.get("/log/policy")
    note = client.get("/log/checkpoint")

    head = open_trusted_checkpoint(note.content, Policy.parse(policy.content))
    assert head.checkpoint.tree_size == 301
    assert note["Content-Type"] == "text/plain; charset=utf-8"
    assert note["Cache-Control"] == "public, max-age=5"
    assert note["Access-Control-Allow-Origin"] == "*"


def test_two_keys_sign_every_checkpoint(client):
    note = client.get("/log/checkpoint").content
    logs = Policy.parse(client.get("/log/policy").content).logs

    assert [log.key.kind for log in logs] == [
        SignatureType.ED25519,
        SignatureType.COSIGNATURE_MLDSA44,
    ]
    for log in logs:
        signed = open_checkpoint(note, log_keys=[log.key])
        assert [line.key_id for line in signed.log_signatures] == [log.key.key_id]


def test_a_ledger_that_began_with_one_key_gets_no_second(settings, tmp_path):
    settings.SECRETS_DIR = settings.LOG_KEY_DIR = tmp_path / "older"
    secrets.create_missing()
    (tmp_path / "older/log-mldsa.pem").unlink()

    assert secrets.create_missing() == []
    assert [one.kind for one in log_signers()] == [SignatureType.ED25519]


@pytest.mark.parametrize(
    ("name", "size_bytes"),
    [
        ("0/000", 8192),
        ("0/001.p/45", 45 * 32),
        ("1/000.p/1", 32),
        ("entries/000", 256 * 116),
        ("entries/001.p/45", 45 * 116),
    ],
)
def test_tiles_are_immutable_and_for_everybody(client, name, size_bytes):
    answer = client.get(f"/log/tile/{name}")

    assert (answer.status_code, len(answer.content)) == (200, size_bytes)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["checkpoint", "policy", "tile/0/000"])
def test_who_has_a_file_is_not_sent_it_again(client, path):
    first = client.get(f"/log/{path}")
    again = client.get(f"/log/{path}", headers={"If-None-Match": first["ETag"]})
    other = client.get(f"/log/{path}", headers={"If-None-Match": '"0000"'})

    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Access-Control-Allow-Origin"):
        assert again[name] == first[name]
    assert (other.status_code, other.content) == (200, first.content)


def test_a_later_checkpoint_has_another_tag(client):
    before = client.get("/log/checkpoint")
    append(saying("one more lot"))
    operations.sequence(at=AT)
    after = client.get("/log/checkpoint", headers={"If-None-Match": before["ETag"]})

    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]
    assert after.content != before.content


@pytest.mark.parametrize(
    "name",
    [
        *("0/002", "0/001", "0/001.p/44", "0/001.p/0", "0/1", "00/000", "64/000"),
        *("0/000/", "0//000", "entries/000.p/256", "0/x000/001", "0/-01", ""),
        *("../checkpoint", "0/../../policy", "%2e%2e/%2e%2e/checkpoint"),
        *("0/..%2f..%2f..%2foutside/lock", "0/%00", "0/000%0a", "0/０００"),
    ],
)
def test_no_other_path_answers(client, name):
    answer = client.get(f"/log/tile/{name}")

    assert answer.status_code in {400, 404}
    assert "immutable" not in answer.get("Cache-Control", "")


def test_nothing_can_be_written(client):
    for path in ("checkpoint", "policy", "tile/0/000"):
        assert client.post(f"/log/{path}").status_code == 405


def test_an_empty_log_has_no_checkpoint(client, settings, tmp_path):
    settings.LOG_DIR = tmp_path / "elsewhere"

    for path in ("checkpoint", "policy", "tile/0/000"):
        assert client.get(f"/log/{path}").status_code == 404


def test_a_proof_bundle_proves_every_leaf_of_a_statement():
    accepted = say("lot 1", "lot 2", "lot 500")
    assert queries.proof_bundle(accepted.statement_id) is None
    operations.sequence(at=AT)
    say("lot 1")
    operations.sequence(at=AT)

    bundle = queries.proof_bundle(accepted.statement_id)

    policy = Policy.parse((public_files().read_policy()) or b"")
    assert bundle is not None
    assert bundle["format"] == "pharmatrace-proof/v1"
    assert bundle["accepted_ms"] == accepted.accepted_ms
    assert [leaf["position"] for leaf in bundle["leaves"]] == [0, 1, 2]
    rows = ledger.leaves_of(accepted.statement_id)
    for leaf, row in zip(bundle["leaves"], rows, strict=True):
        assert bytes.fromhex(leaf["leaf"]) == row.leaf.encode()
        proof = TlogProof.parse(leaf["proof"].encode())
        verify_proof(proof, leaf_hash=row.leaf_hash, policy=policy)
    last = TlogProof.parse(bundle["map_root"]["proof"].encode())
    head = Checkpoint.parse(Note.parse(last.checkpoint).text)
    assert (last.index, head.tree_size) == (306, 307)
    before, after = (_map_root(bundle[name], policy) for name in ("before", "after"))
    assert (before[0], after[0]) == (rows[0].index - 1, rows[-1].index + 1)
    assert after[1].prev_leaf_hash == before[1].leaf_hash
    assert after[1].time_ms == rows[0].leaf.time_ms


def test_the_first_run_of_a_log_has_no_map_root_before_it():
    first = queries.find_checkpoint_over(0)
    statement_id = ledger.get_leaf(0).statement_id
    assert first is not None
    assert statement_id is not None

    bundle = queries.proof_bundle(statement_id)

    assert bundle is not None
    assert "before" not in bundle
    policy = Policy.parse((public_files().read_policy()) or b"")
    assert _map_root(bundle["after"], policy)[0] == first.size - 1


def _map_root(placed, policy):
    leaf = Leaf.decode(bytes.fromhex(placed["leaf"]))
    proof = TlogProof.parse(placed["proof"].encode())
    assert leaf.kind == LeafType.MAP_ROOT
    verify_proof(proof, leaf_hash=leaf.leaf_hash, policy=policy)
    return proof.index, leaf


def test_unknown_and_erased_statements_have_no_bundle():
    accepted = say("lot 1")
    operations.sequence(at=AT)
    assert queries.proof_bundle(accepted.statement_id) is not None

    ledger_operations.erase_vault(
        statement_id=accepted.statement_id, erased_by="e" * 64
    )

    assert queries.proof_bundle(accepted.statement_id) is None
    assert queries.proof_bundle("0" * 64) is None


def test_a_tick_logs_all_that_waits_and_a_second_one_nothing():
    say("lot A", "lot B")

    assert tasks.sequence() == {"added": 3}
    assert tasks.sequence() == {"added": 0}
    assert Pending.objects.count() == 0


def test_a_tick_in_quarantine_says_that_it_stopped():
    ledger_operations.quarantine(reason="two heads", at=AT)

    assert tasks.sequence() == {"added": 0, "stopped": 1}
    assert queries.log_line(AT).detail == "quarantined"


def test_health_speaks_of_size_and_age():
    line = queries.log_line(AT)

    assert line.is_well
    assert line.detail == "size 301, signed 0 s ago, no witnesses"
