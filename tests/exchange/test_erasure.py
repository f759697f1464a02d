"""What an erasure leaves to be seen, proven and asked for."""

import json
from pathlib import Path
from typing import Any

import pytest

from apps.anchoring import operations as anchoring
from apps.core.errors import LedgerConflict
from apps.core.outside import verify
from apps.custody import operations as custody
from apps.custody import tasks
from apps.custody.models import ClosingDraft
from apps.exchange import queries
from apps.jobs.models import Job, Outbox
from apps.ledger.models import Erasure, Leaf, Statement
from apps.partners.models import User
from tests.cast import (
    MARKT,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    STELLA,
    Stage,
    ledger,
    stage,
)
from tests.custody.closing import AFTER, BASIS, close, old_goods, young
from tests.custody.goods import Goods

__all__ = ["ledger", "stage"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def goods(settings: Any, tmp_path: Path, stage: Stage) -> Goods:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    told = old_goods(stage)
    young(told, AFTER)
    return told


def log_in(client: Any, player: Any) -> Any:
    client.force_login(User.objects.get(username=player.admin.username))
    return client


def check(tmp_path: Path, proof: Any) -> int:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    genesis = Statement.objects.get(kind="genesis").id
    policy = str(tmp_path / "log" / "policy")
    return verify.run([str(path), "--policy", policy, "--genesis", genesis])


def test_proofs_that_were_kept_still_hold_and_those_of_later_statements_too(
    goods: Goods, tmp_path: Path, capsys: Any
) -> None:
    ids = list(Statement.objects.values_list("id", flat=True))
    kept = {each: queries.find_proof(each) for each in ids}

    closing = close(goods)
    anchoring.sequence(at=goods.stage.tick())

    gone = set(Erasure.objects.values_list("statement_id", flat=True))
    for each in gone:
        assert check(tmp_path, kept[each]) == 0, capsys.readouterr()
        assert queries.find_proof(each) is None
    for each in (*(set(ids) - gone), closing):
        assert check(tmp_path, queries.find_proof(each)) == 0, capsys.readouterr()


def test_the_erasure_is_the_last_leaf_of_every_chain_it_closes(goods: Goods) -> None:
    closing = close(goods)
    anchoring.sequence(at=goods.stage.tick())

    leaves = Leaf.objects.filter(statement_id=closing)
    assert {(leaf.type, bytes(leaf.tag)) for leaf in leaves} == {
        (5, bytes(goods.batch("OLD").tag))
    }
    last = Leaf.objects.filter(tag=bytes(goods.batch("OLD").tag)).latest("chain_seq")
    assert last.statement_id == closing


def test_who_spoke_and_the_offices_learn_that_it_was_erased(
    client: Any, goods: Goods
) -> None:
    gone = Statement.objects.filter(by=NOVAMED.gln, kind="event").earliest("accept_no")
    close(goods)

    for player in (NOVAMED, REGULATOR, OPERATOR):
        page = log_in(client, player).get(f"/ledger/statements/{gone.pk}")
        assert page.status_code == 410
        assert BASIS in page.content.decode()
        answer = client.get(f"/api/v1/statements/{gone.pk}")
        assert (answer.status_code, answer.json()["code"]) == (409, "statement_erased")


def test_foreign_and_missing_still_answer_the_same(client: Any, goods: Goods) -> None:
    gone = Statement.objects.filter(by=NOVAMED.gln, kind="event").earliest("accept_no")
    close(goods)
    log_in(client, MARKT)

    for address in ("/ledger/statements/{}", "/api/v1/statements/{}"):
        foreign = client.get(address.format(gone.pk))
        missing = client.get(address.format("0" * 64))
        assert foreign.status_code == missing.status_code == 404


def order(client: Any, basis: str) -> Any:
    return client.post("/closing", {"legal_basis": basis})


def run_jobs() -> None:
    for row in Outbox.objects.filter(task="custody.prepare_closing", done_at=None):
        tasks.prepare_closing(**row.kwargs, outbox_id=row.pk)


def test_the_operator_orders_a_closing_and_finds_it_ready_to_sign(
    client: Any, goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", goods.stage.tick)
    log_in(client, OPERATOR)

    assert order(client, f"  {BASIS} ").status_code == 302
    assert "being prepared" in client.get("/closing").content.decode()
    run_jobs()
    run_jobs()

    page = client.get("/closing").content.decode()
    assert BASIS in page
    assert "data-sign" in page
    assert ClosingDraft.objects.count() == 1
    assert Job.objects.get().result == {"leaves": 12}


def test_an_order_without_a_reason_is_refused(client: Any, goods: Goods) -> None:
    log_in(client, OPERATOR)

    for basis in ("", "  ", "x" * 201):
        answer = order(client, basis)
        assert answer.status_code == 400
        assert "by what right" in answer.content.decode()
    assert not Job.objects.exists()


def test_too_early_the_page_says_that_nothing_may_go(
    client: Any, goods: Goods, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = goods.stage.at.replace(year=2032)
    monkeypatch.setattr("django.utils.timezone.now", lambda: early)
    log_in(client, OPERATOR)

    order(client, BASIS)
    run_jobs()

    assert "Nothing may be erased yet" in client.get("/closing").content.decode()
    assert not ClosingDraft.objects.exists()


def test_the_regulator_looks_on_and_everybody_else_is_kept_out(
    client: Any, goods: Goods
) -> None:
    custody.prepare_closing(legal_basis=BASIS, at=goods.stage.tick())

    log_in(client, REGULATOR)
    assert "data-sign" not in client.get("/closing").content.decode()
    assert order(client, BASIS).status_code == 403
    log_in(client, STELLA)
    assert client.get("/closing").status_code == 403
    with pytest.raises(LedgerConflict):
        goods.stage.act(REGULATOR, {"kind": "erasure"})
    assert not Job.objects.exists()
