"""Mallory signs events that say more, or other, than what the law lets happen."""

from datetime import timedelta

import pytest

from apps.core.epcis import build
from apps.core.epcis.epc import LotClass
from apps.core.epcis.event import BizTransaction, LotQuantity
from apps.core.epcis.parts import Handover, ends
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.custody.models import Event
from apps.exchange import queries as drafts
from pharmatrace.demo.cast import AMOXIL, MARKT, NOVAMED, STELLA, TRANSPHARM, Player
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site
from tests.custody.mallory import (
    forge,
    occasion,
    things,
    units_of,
    verify_whole,
)
from tests.recalls.calls import open_recall


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=40)
    return told


def refused(code: str, kind: type[Exception] = ForbiddenTransfer):
    return pytest.raises(kind, check=lambda error: error.code == code)


def test_a_despatch_names_its_own_sender(goods: Goods) -> None:
    lie = Handover(STELLA.gln, site(NOVAMED), TRANSPHARM.gln, site(TRANSPHARM), [])
    event = build.ship(
        occasion(goods.stage, NOVAMED), units=things("S000000"), handover=lie
    )

    with refused("another_source"):
        forge(goods.stage, NOVAMED, event, units=units_of(goods, "S000000"))


@pytest.mark.parametrize(
    ("source", "target"), [(STELLA, TRANSPHARM), (NOVAMED, STELLA)]
)
def test_a_receipt_names_the_parties_of_its_despatch(
    goods: Goods, source: Player, target: Player
) -> None:
    ref = goods.ship(packs(serials(1)))
    lie = Handover(source.gln, site(NOVAMED), target.gln, site(TRANSPHARM), [])
    event = build.receive(
        occasion(goods.stage, TRANSPHARM), units=things("S000000"), handover=lie
    )

    with refused("another_source"):
        forge(
            goods.stage,
            TRANSPHARM,
            event,
            units=units_of(goods, "S000000"),
            parents=[ref],
        )


def test_a_stranger_is_not_drawn_into_an_event(goods: Goods) -> None:
    event = build.sample(occasion(goods.stage, NOVAMED), units=things("S000000"))
    accepted = forge(
        goods.stage,
        NOVAMED,
        event,
        units=units_of(goods, "S000000"),
        destination=ends(STELLA.gln, site(STELLA), owns=True),
    )

    assert Event.objects.get(ref=accepted.statement_id).counterparty == ""


@pytest.mark.parametrize("field", ["quantities", "child_quantities"])
def test_a_quantity_beside_named_goods_is_refused(goods: Goods, field: str) -> None:
    now = occasion(goods.stage, NOVAMED)
    if field == "quantities":
        event = build.sample(now, units=things("S000000"))
    else:
        goods.do(NOVAMED, "new_container", container=box(1))
        event = build.pack(
            now, container=things(box(1)).epcs[0], children=things("S000000")
        )
    claimed = (LotQuantity(LotClass(AMOXIL.gtin, "A1"), 1_000),)

    with refused("not_supported_by_law", MalformedInput):
        forge(
            goods.stage,
            NOVAMED,
            event,
            units=units_of(goods, "S000000"),
            **{field: claimed},
        )


@pytest.mark.parametrize("tail", ["", "#3"])
def test_a_parent_that_does_not_exist_is_refused(goods: Goods, tail: str) -> None:
    event = build.sample(occasion(goods.stage, NOVAMED), units=things("S000000"))

    with refused("unknown_parent", MalformedInput):
        forge(
            goods.stage,
            NOVAMED,
            event,
            units=units_of(goods, "S000000"),
            parents=["ab" * 32 + tail],
        )


def test_the_law_is_never_earlier_than_the_recall_it_follows(goods: Goods) -> None:
    goods.deliver(packs(serials(1)))
    goods.stage.tick(timedelta(minutes=3))
    recall = open_recall(goods.stage)
    goods.stage.at -= timedelta(minutes=2)

    back = goods.do(
        STELLA,
        "recall_ship",
        items=packs(serials(1)),
        parents=[recall.pk],
        to={"gln": NOVAMED.gln, "site": site(NOVAMED)},
    )

    assert back.accepted_ms >= recall.opened_ms


def test_subjects_are_what_moves_and_nothing_else(goods: Goods) -> None:
    goods.commission(lot="B2", names=["B1", "B2"])
    event = build.sample(occasion(goods.stage, NOVAMED), units=things("S000000"))
    own = units_of(goods, "S000000")
    other = units_of(goods, "B1", lot="B2")

    for units in (own | other, other, {}, units_of(goods, "S000001")):
        with refused("subjects_differ", LedgerConflict):
            forge(goods.stage, NOVAMED, event, units=units)

    assert forge(goods.stage, NOVAMED, event, units=own).is_new


def test_a_return_goes_back_on_a_sale_and_on_no_return(goods: Goods) -> None:
    """Whoever takes a return back lifts its hold by an inspection, not by a return."""
    _, sale = goods.deliver(packs(serials(2)))
    back = goods.do(STELLA, "return_ship", items=packs(serials(1))).statement_id
    goods.do(TRANSPHARM, "return_receive", shipment=back)

    with refused("not_that_sale"):
        goods.do(TRANSPHARM, "return_ship", items=packs(serials(1)), shipment=back)
    lie = build.ship_return(
        occasion(goods.stage, MARKT),
        units=things("S000001"),
        handover=Handover(
            MARKT.gln,
            site(MARKT),
            TRANSPHARM.gln,
            site(TRANSPHARM),
            [BizTransaction("rma", "urn:epcglobal:cbv:bt:9529999000019:1")],
        ),
    )
    with refused("not_that_sale"):
        forge(goods.stage, MARKT, lie, units=units_of(goods, "S000001"), parents=[sale])

    verify_whole(goods)


def test_returns_go_up_the_chain_of_sales(goods: Goods) -> None:
    first, _ = goods.deliver(packs(serials(2)))
    back = goods.do(STELLA, "return_ship", items=packs(serials(1))).statement_id
    goods.do(TRANSPHARM, "return_receive", shipment=back)
    up = goods.do(
        TRANSPHARM, "return_ship", items=packs(serials(1)), shipment=first
    ).statement_id
    goods.do(NOVAMED, "return_receive", shipment=up)

    with refused("on_hold"):
        goods.ship(packs(serials(1)))
    goods.do(NOVAMED, "release", items=packs(serials(1)), reason="inspected")
    with refused("on_hold"):  # Transpharm's own hold of it stands until it is lifted
        goods.ship(packs(serials(1)))

    verify_whole(goods)


def test_a_voided_despatch_is_received_and_voided_no_more(goods: Goods) -> None:
    ref = goods.ship(packs(serials(4)))
    goods.receive(ref, items=packs(serials(1)))
    goods.do(NOVAMED, "void", shipment=ref, items=packs(serials(2, 1)))

    with refused("not_in_shipment"):
        goods.receive(ref, items=packs(serials(1, 1)))
    with refused("not_in_shipment"):
        goods.do(NOVAMED, "void", shipment=ref, items=packs(serials(1)))
    with refused("not_in_shipment"):
        goods.receive(ref, items=packs(serials(1)))
    goods.do(NOVAMED, "lost", shipment=ref, items=packs(serials(1, 3)))
    with refused("not_in_shipment"):
        goods.receive(ref, items=packs(serials(1, 3)))

    verify_whole(goods)


def test_a_licence_that_lapses_under_way_stops_the_next_despatch(goods: Goods) -> None:
    ref = goods.ship(packs(serials(2)))
    goods.stage.license(TRANSPHARM, suspended=True)
    goods.receive(ref)

    with refused("addressee_not_licensed"):
        goods.ship(packs(serials(1, 5)))

    verify_whole(goods)


def test_one_draft_signed_twice_is_two_statements_of_one_fact(goods: Goods) -> None:
    stage = goods.stage
    wish = {
        "kind": "event",
        "step": "sample",
        "site": site(NOVAMED),
        "items": [pack("S000000")],
    }
    actor = stage.actor(NOVAMED)
    drafted = [drafts.draft(wish=wish, actor=actor, at=stage.tick()) for _ in range(2)]
    assert drafted[0].payload != drafted[1].payload
    stage.submit(drafted[0], stage.keyring.key_of(NOVAMED))

    with refused("serial_ended"):
        stage.submit(drafted[1], stage.keyring.key_of(NOVAMED))
