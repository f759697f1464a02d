"""Who may read a statement: its parties, to whom it sends goods, and the regulator."""

import pytest

from apps.exchange import queries
from pharmatrace.demo.cast import (
    AMOXIL,
    MARKT,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)
from tests.cast import Stage, ledger, stage
from tests.custody.goods import Goods, packs, serials, site

__all__ = ["ledger", "stage"]


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission()
    return told


def readers(goods: Goods, statement_id: str) -> set[str]:
    everybody = (NOVAMED, TRANSPHARM, STELLA, MARKT, REGULATOR)
    return {
        player.slug
        for player in everybody
        if queries.find_record(
            statement_id=statement_id, actor=goods.stage.actor(player)
        )
    }


def test_a_despatch_is_read_by_both_sides_and_the_regulator(goods: Goods) -> None:
    first, sale = goods.deliver(packs(serials(3)))

    assert readers(goods, first) == {"novamed", "transpharm", "regulator"}
    assert readers(goods, sale) == {"transpharm", "stella", "regulator"}


def test_a_file_of_events_is_read_by_who_signed_it(goods: Goods) -> None:
    at_home = {"site": site(NOVAMED)}
    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    ships = [
        {**at_home, "step": "ship", "items": packs([name]), "to": to}
        for name in serials(2)
    ]

    said = goods.stage.act(NOVAMED, {"kind": "events", "events": ships})

    assert readers(goods, said.statement_id) == {"novamed", "regulator"}


def test_a_recall_is_published_and_an_answer_is_not(goods: Goods) -> None:
    goods.deliver(packs(serials(3)))
    wish = {
        "kind": "recall.open",
        "gtin": AMOXIL.gtin,
        "scope": {"lots": ["A1"]},
        "class": "II",
        "reason": "Wrong leaflet.",
        "instructions": "Return.",
        "depth": "retail",
    }

    recall = goods.stage.act(NOVAMED, wish).statement_id

    assert readers(goods, recall) == {
        "novamed", "transpharm", "stella", "markt", "regulator",
    }  # fmt: skip
