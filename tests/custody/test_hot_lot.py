"""One lot that everybody supplies from at once: nothing is lost, twice or out of order."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings

from apps.anchoring import operations as anchoring
from apps.core.errors import TraceError
from apps.core.leaf import ZEROS
from apps.exchange import operations as exchange
from apps.exchange.formats import read_submission
from apps.ledger import queries as ledger
from apps.ledger.models import Statement
from apps.ledger.operations import Accepted
from pharmatrace.demo.cast import LINDE, MARKT, STELLA
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, packs, serials, site
from tests.custody.mallory import verify_whole
from tests.custody.racing import Signed, at_once, send, signed, signed_wish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
_EACH = 8  # packs a pharmacy


@pytest.fixture
def goods(stage: Stage, settings: Any, tmp_path: Path) -> Goods:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    told = Goods(stage)
    told.commission(count=30)
    for place, player in enumerate((STELLA, LINDE, MARKT)):
        told.deliver(packs(serials(_EACH, place * _EACH)), to=player)
    return told


def _bulk(goods: Goods, said: list[Signed]):
    at = goods.stage.tick()
    submissions = [
        read_submission(
            envelope=envelope, lines=lines, at=at, origin=site_settings.LEDGER_ORIGIN
        )
        for envelope, lines in said
    ]
    return lambda: exchange.submit_all(submissions=submissions, at=at)


def _supplies(goods: Goods, player, start: int):
    """Two singly, three in a signed file, three in a bulk file; one of them again."""
    names = packs(serials(_EACH, start))
    one = [signed(goods, player, "dispense", items=[name]) for name in names]
    events = [
        {"site": site(player), "step": "dispense", "items": [name]}
        for name in names[2:5]
    ]
    file = signed_wish(goods, player, {"kind": "events", "events": events})
    again = signed(goods, player, "destroy", items=names[7:])
    return [
        *(send(goods, each) for each in (*one[:2], file, again)),
        _bulk(goods, one[5:]),
    ]


def test_everybody_supplies_from_one_lot_at_once(goods: Goods) -> None:
    players = (STELLA, LINDE, MARKT)
    tasks = [
        task
        for place, player in enumerate(players)
        for task in _supplies(goods, player, place * _EACH)
    ]

    answers = at_once(tasks)

    # The last pack of each is supplied in bulk or destroyed, never both.
    for place in range(len(players)):
        one, two, file, destroyed, bulk = answers[5 * place : 5 * place + 5]
        assert all(isinstance(each, Accepted) for each in (one, two, file))
        assert isinstance(destroyed, TraceError) != isinstance(bulk, TraceError)
    verify_whole(goods)
    _verify_chain(goods)


def _verify_chain(goods: Goods) -> None:
    """The lot's leaves follow each other, in the order in which the door took them."""
    while anchoring.sequence(at=goods.stage.tick()):
        continue
    leaves = ledger.chain_of(bytes(goods.batch().tag), limit=1_000)[::-1]
    before = ZEROS
    for number, leaf in enumerate(leaves):
        assert (leaf.chain_seq, leaf.prev_leaf_hash) == (number, before)
        before = leaf.leaf_hash
    taken = Statement.objects.in_bulk([leaf.statement_id for leaf in leaves])
    numbers = [taken[leaf.statement_id].accept_no for leaf in leaves]
    assert numbers == sorted(numbers)
