"""What a signature means is said by the row of the law, not by its bizStep alone."""

import json

import pytest

from apps.core.custody.rules import RULES
from apps.core.envelope import parse_envelope
from apps.custody.queries import words
from apps.ledger import queries as ledger
from pharmatrace.demo.cast import NOVAMED, STELLA, TRANSPHARM, Player
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, packs, serials


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission()
    return told


def meaning(statement_id: str) -> str:
    """The meaning in the signed bytes."""
    envelope = parse_envelope(ledger.get_envelope(statement_id))
    return json.loads(envelope.payload)["meaning"]


def said(goods: Goods, player: Player, step: str, **wish: object) -> str:
    return meaning(goods.do(player, step, **wish).statement_id)


def test_a_supply_that_is_taken_back_is_not_signed_as_a_supply(goods: Goods) -> None:
    goods.deliver(packs(serials(2)))
    supply = goods.do(STELLA, "dispense", items=packs(serials(1))).statement_id

    assert meaning(supply) == "supplied by the pharmacy"
    assert said(goods, STELLA, "undo", parents=[supply], items=packs(serials(1))) == (
        "supply taken back by the pharmacy"
    )


@pytest.mark.parametrize(
    ("player", "container"),
    [(NOVAMED, "(00)395215680000000018"), (TRANSPHARM, "(00)395299990000000010")],
    ids=["maker", "wholesaler"],
)
def test_whoever_opens_a_container_commissions_nothing(
    goods: Goods, player: Player, container: str
) -> None:
    assert said(goods, player, "new_container", container=container) == (
        "container opened by the holder"
    )


def test_a_correction_says_that_it_is_one(goods: Goods) -> None:
    ref = goods.do(NOVAMED, "sample", items=packs(serials(1))).statement_id

    assert said(goods, NOVAMED, "correct", parents=[ref], items=packs(serials(1))) == (
        "event taken back by who said it"
    )


def test_every_way_to_end_serials_has_a_word():
    ways = {way for rule in RULES if rule.name == "ending" for way in rule.dispositions}

    assert set(words._ENDS) == ways
