"""What the site hands out, judged by the command that outsiders install."""

import json

import pytest

from apps.anchoring import operations
from apps.core.outside import verify
from apps.exchange import queries
from apps.ledger.models import Statement
from tests.cast import Stage, ledger, stage

__all__ = ["ledger", "stage"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, tmp_path, stage: Stage) -> Stage:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    operations.sequence(at=stage.tick())
    return stage


def run(tmp_path, proof) -> int:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    genesis = Statement.objects.get(kind="genesis").id
    policy = str(tmp_path / "log" / "policy")
    return verify.run([str(path), "--policy", policy, "--genesis", genesis])


def test_every_statement_is_proven_to_an_outsider(story, tmp_path, capsys):
    ids = list(Statement.objects.values_list("id", flat=True))
    assert len(ids) > 8

    for statement_id in ids:
        assert run(tmp_path, queries.find_proof(statement_id)) == 0, capsys.readouterr()


@pytest.mark.parametrize("part", ["leaf", "salt", "proof", "envelope", "accepted_ms"])
def test_a_changed_proof_fails(story, tmp_path, part):
    statement = Statement.objects.filter(kind="product.register").earliest("accept_no")
    proof = queries.find_proof(statement.id)
    assert proof is not None
    leaf = proof["leaves"][0]
    if part == "leaf":
        leaf["leaf"] = leaf["leaf"][:-1] + ("0" if leaf["leaf"][-1] != "0" else "1")
    elif part == "salt":
        leaf["salt"] = "A" * 43 + "="
    elif part == "proof":
        lines = leaf["proof"].split("\n")
        lines[2], lines[3] = lines[3], lines[2]
        leaf["proof"] = "\n".join(lines)
    elif part == "envelope":
        proof["envelope"]["signatures"][0]["sig"] = "A" * 86 + "=="
    else:
        proof["accepted_ms"] += 1

    assert run(tmp_path, proof) == 1


def test_a_proof_without_the_keys_statements_does_not_show_who_spoke(story, tmp_path):
    statement = Statement.objects.filter(kind="product.register").earliest("accept_no")
    proof = queries.find_proof(statement.id)
    assert proof is not None
    assert {each["payloadType"] for each in proof["keys"]} == {
        "application/vnd.pharmatrace.statement.v1+json"
    }

    del proof["keys"]

    assert run(tmp_path, proof) == 1
