"""What processes beside fsck derive and judge is what it would have found alone."""

import pytest

from apps.edge import processes
from apps.ledger.models import Leaf, Statement, Vault
from pharmatrace.fsck import maps, seals
from tests.fsck.forging import findings, flip, rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_processes(monkeypatch):
    """Nothing is too short for a process, and two cores are there."""
    monkeypatch.setattr(maps, "_LONG", 0)
    monkeypatch.setattr(seals, "_MANY", 0)
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda _: {0, 1})
    started = []
    pool = processes.ProcessPoolExecutor

    def start(*args, **options):
        started.append(args)
        return pool(*args, **options)

    monkeypatch.setattr(processes, "ProcessPoolExecutor", start)
    return started


def test_a_true_ledger_is_clean(story, in_processes):
    assert findings(story) == []
    assert [args[0] for args in in_processes] == [2, 1]


def test_a_false_signature_and_a_false_map_root_are_named(story, in_processes):
    row = Statement.objects.filter(kind="product.register").earliest("accept_no")
    vault = Vault.objects.get(statement_id=row.id)
    said = bytes(vault.signatures)
    at = said.index(b'"sig":"') + 9
    changed = b"B" if said[at : at + 1] == b"A" else b"A"
    rewrite(vault, signatures=said[:at] + changed + said[at + 1 :])
    root = Leaf.objects.filter(type=3).earliest("index")
    rewrite(root, commitment=flip(root.commitment))

    found = findings(story)

    assert {
        ("envelope_digest_differs", f"statement {row.id}"),
        ("map_root_differs", f"leaf {root.index}"),
        ("leaf_hash_differs", f"leaf {root.index}"),
    } <= {*found}
    named = {code for code, where in found if where.startswith(f"statement {row.id}")}
    assert "bad_signature" in named
    assert len(in_processes) == 2
