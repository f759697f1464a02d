"""Mallory plays with containers: empty ones, nested ones, ones named as packs are."""

import pytest

from apps.catalog import queries as catalog
from apps.core.epcis import build
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.custody import operations, queries
from apps.custody.models import Container
from apps.custody.queries.containers import place_of
from apps.partners import queries as partners
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import EXPIRY, Goods, box, pack, packs, serials, site
from tests.custody.mallory import (
    forge,
    handover,
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


def holder_of(epc: str) -> tuple[str, str]:
    place = place_of(Container.objects.get(epc=epc))
    return place.holder, place.status


@pytest.fixture
def hollow(goods: Goods) -> Goods:
    """A pallet with a full case and one that was emptied inside it."""
    goods.fill(1, serials(5))
    goods.fill(2, serials(1, 5))
    goods.do(NOVAMED, "new_container", container=box(3))
    goods.do(NOVAMED, "pack", container=box(3), items=[box(1), box(2)])
    goods.do(NOVAMED, "unpack", container=box(2))
    return goods


def test_an_emptied_case_travels_with_its_pallet(hollow: Goods) -> None:
    ref = hollow.ship([box(3)])

    with refused("container_elsewhere"):
        hollow.do(NOVAMED, "pack", container=box(2), items=packs(serials(1, 20)))
    hollow.receive(ref)

    assert holder_of(box(2)) == (TRANSPHARM.gln, "active")
    with refused("container_unknown"):
        hollow.do(NOVAMED, "pack", container=box(2), items=packs(serials(1, 20)))
    verify_whole(hollow)


def test_an_emptied_case_comes_back_with_its_pallet(hollow: Goods) -> None:
    ref = hollow.ship([box(3)])
    hollow.do(NOVAMED, "void", shipment=ref)
    assert holder_of(box(2)) == (NOVAMED.gln, "active")

    again = hollow.ship([box(3)])
    hollow.do(NOVAMED, "correct", parents=[again])

    assert holder_of(box(2)) == (NOVAMED.gln, "active")
    hollow.do(NOVAMED, "pack", container=box(2), items=packs(serials(1, 20)))
    verify_whole(hollow)


def test_an_emptied_case_arrives_with_a_part_of_its_pallet(hollow: Goods) -> None:
    ref = hollow.ship([box(3)])

    hollow.receive(ref, items=packs(serials(3)))

    assert holder_of(box(3)) == (TRANSPHARM.gln, "active")
    assert holder_of(box(2)) == (TRANSPHARM.gln, "active")
    hollow.receive(ref, items=packs(serials(2, 3)))
    verify_whole(hollow)


@pytest.mark.parametrize("step", ["ship", "destroy", "hold"])
def test_an_empty_container_is_not_named_beside_goods(goods: Goods, step: str) -> None:
    goods.do(NOVAMED, "new_container", container=box(1))
    to = {"to": {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}}

    with refused("container_empty"):
        goods.do(
            NOVAMED,
            step,
            items=[box(1), pack("S000000")],
            **(to if step == "ship" else {}),
        )


def test_a_case_emptied_by_supply_is_not_returned(goods: Goods) -> None:
    goods.fill(1, serials(2))
    _, sale = goods.deliver([box(1), pack("S000005")])
    goods.do(STELLA, "dispense", items=packs(serials(2)))

    with refused("container_empty"):
        goods.do(STELLA, "return_ship", items=[pack("S000005"), box(1)], shipment=sale)


def test_a_pack_is_not_opened_as_a_container(goods: Goods) -> None:
    with refused("is_a_pack"):
        goods.do(NOVAMED, "new_container", container=box(1), items=[pack("S000000")])

    assert Container.objects.count() == 0


def test_a_stranger_puts_no_mark_on_a_lot_by_opening_a_case(goods: Goods) -> None:
    now = occasion(goods.stage, STELLA)
    event = build.commission_container(now, container=things("S000000").epcs[0])

    with refused("is_a_pack"):
        forge(goods.stage, STELLA, event, units=units_of(goods, "S000000"))


def test_no_pack_is_made_under_the_number_of_a_case(goods: Goods) -> None:
    goods.do(NOVAMED, "new_container", container=pack("CASE1"))

    with refused("serial_taken", MalformedInput):
        goods.commission(lot="B2", names=["NEW1", "CASE1"])


def test_a_case_that_was_faster_than_the_lot_keeps_its_number(goods: Goods) -> None:
    stage = goods.stage
    staging = operations.stage_serials(
        product=catalog.get_product(AMOXIL.gtin),
        partner=partners.get_partner(NOVAMED.gln),
        lot="B2",
        expiry_date=EXPIRY,
        serials=["CASE1"],
        at=stage.tick(),
    )
    draft = queries.draft_commissioning(
        staging_id=staging.pk,
        site=site(NOVAMED),
        actor=stage.actor(NOVAMED),
        at=stage.tick(),
    )
    goods.do(NOVAMED, "new_container", container=pack("CASE1"))

    with refused("serial_taken", LedgerConflict):
        stage.submit(draft, stage.keyring.key_of(NOVAMED))

    verify_whole(goods)


def test_a_pallet_is_sent_back_in_a_recall(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.deliver([box(1)])
    recall = open_recall(goods.stage).pk

    ref = goods.do(
        STELLA,
        "recall_ship",
        items=[box(1)],
        parents=[recall],
        to={"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)},
    ).statement_id
    goods.receive(ref)

    assert goods.where()[(TRANSPHARM.gln, "active")] == 5
    verify_whole(goods)


def test_no_loop_of_containers_comes_about(goods: Goods) -> None:
    for number in (1, 2, 3):
        goods.do(NOVAMED, "new_container", container=box(number))
    goods.do(NOVAMED, "pack", container=box(1), items=[box(2)])
    goods.do(NOVAMED, "pack", container=box(2), items=[box(3)])

    with refused("inside_itself"):
        goods.do(NOVAMED, "pack", container=box(3), items=[box(1)])
    with refused("not_outermost"):
        goods.do(NOVAMED, "pack", container=box(1), items=[box(3)])

    verify_whole(goods)


def test_a_pack_and_its_case_are_not_named_at_once(goods: Goods) -> None:
    goods.fill(1, serials(5))

    with refused("inside_a_container"):
        goods.ship([box(1), pack("S000000")])
    goods.do(NOVAMED, "new_container", container=box(2))
    with refused("inside_a_container"):
        goods.do(NOVAMED, "pack", container=box(2), items=[box(1), pack("S000000")])

    verify_whole(goods)


def test_nothing_is_packed_into_a_pallet_under_way(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.ship([box(1)])
    now = occasion(goods.stage, NOVAMED)

    for event in (
        build.pack(now, container=things(box(1)).epcs[0], children=things("S000009")),
        build.unpack(now, container=things(box(1)).epcs[0], children=things("S000000")),
    ):
        with refused("container_elsewhere"):
            forge(goods.stage, NOVAMED, event, units=units_of(goods, "S000009"))
    with refused("in_transit"):
        forge(
            goods.stage,
            NOVAMED,
            build.ship(
                now, units=things("S000000"), handover=handover(NOVAMED, STELLA)
            ),
            units=units_of(goods, "S000000"),
        )

    verify_whole(goods)


def test_a_receipt_is_taken_back_in_part(goods: Goods) -> None:
    """What goes back under way leaves the case that stays."""
    goods.fill(1, serials(4))
    ref = goods.ship([box(1)])
    receipt = goods.receive(ref)
    event = build.declare_error(
        build.receive(
            occasion(goods.stage, TRANSPHARM),
            units=things("S000000"),
            handover=handover(NOVAMED, TRANSPHARM),
        ),
        declaration_time_ms=occasion(goods.stage, TRANSPHARM).event_time_ms,
        reason="incorrect_data",
    )
    forge(
        goods.stage,
        TRANSPHARM,
        event,
        units=units_of(goods, "S000000"),
        parents=[receipt],
    )

    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000000")
    assert unit is not None
    assert (unit.holder, unit.status, unit.container) == (NOVAMED.gln, "in_transit", "")
    sale = goods.ship([box(1)], by=TRANSPHARM, to=STELLA)
    goods.receive(sale, by=STELLA)
    assert goods.where()[(STELLA.gln, "active")] == 3
    verify_whole(goods)


def test_a_lost_case_that_is_found_again_stands_loose(goods: Goods) -> None:
    goods.fill(1, serials(4))
    ref = goods.ship([box(1)])
    lost = goods.do(NOVAMED, "lost", shipment=ref, items=packs(serials(4)))
    goods.do(NOVAMED, "correct", parents=[lost.statement_id])
    goods.receive(ref)

    assert goods.where()[(TRANSPHARM.gln, "active")] == 4
    assert holder_of(box(1))[0] == NOVAMED.gln
    verify_whole(goods)
