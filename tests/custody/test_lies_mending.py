"""Mallory takes back what was said: corrections and undos that would forge the past."""

from datetime import timedelta

import pytest

from apps.core.epcis import build, parse_epc
from apps.core.errors import ForbiddenTransfer
from apps.custody import queries
from apps.custody.models import Event
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, packs, serials
from tests.custody.mallory import forge, occasion, things, units_of, verify_whole


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=40)
    return told


def refused(*codes: str):
    return pytest.raises(ForbiddenTransfer, check=lambda error: error.code in codes)


def test_a_correction_with_a_hold_in_between_replays(goods: Goods) -> None:
    wrong = goods.do(NOVAMED, "sample", items=packs(serials(2))).statement_id
    goods.do(NOVAMED, "hold", items=packs(serials(1, 5)), reason="recalled")
    goods.do(NOVAMED, "hold", items=packs(serials(1)), reason="recalled")

    goods.do(NOVAMED, "correct", parents=[wrong])

    verify_whole(goods)


def test_a_case_that_moved_on_is_not_taken_out_by_a_correction(goods: Goods) -> None:
    goods.fill(1, serials(5))
    for number in (2, 3):
        goods.do(NOVAMED, "new_container", container=box(number))
    first = goods.do(NOVAMED, "pack", container=box(2), items=[box(1)]).statement_id
    goods.do(NOVAMED, "unpack", container=box(2))
    goods.do(NOVAMED, "pack", container=box(3), items=[box(1)])

    with refused("not_inside"):
        goods.do(NOVAMED, "correct", parents=[first])

    verify_whole(goods)


def test_a_packing_that_was_packed_on_is_taken_back_whole(goods: Goods) -> None:
    for number in (1, 2):
        goods.do(NOVAMED, "new_container", container=box(number))
    first = goods.do(
        NOVAMED, "pack", container=box(1), items=packs(serials(5))
    ).statement_id
    goods.do(NOVAMED, "pack", container=box(2), items=[box(1)])

    goods.do(NOVAMED, "correct", parents=[first])

    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000000")
    assert unit is not None
    assert unit.container == ""
    verify_whole(goods)


def test_nobody_empties_anothers_pallet_by_correcting_an_own_packing(
    goods: Goods,
) -> None:
    goods.fill(1, serials(5))
    first = goods.ship([box(1)])
    goods.receive(first)
    goods.do(NOVAMED, "new_container", container=box(2))
    own = goods.do(NOVAMED, "pack", container=box(2), items=packs(serials(1, 30)))
    lie = build.declare_error(
        build.pack(
            occasion(goods.stage, NOVAMED),
            container=parse_epc(box(1)),
            children=things("S000000"),
        ),
        declaration_time_ms=occasion(goods.stage, NOVAMED).event_time_ms,
        reason="incorrect_data",
    )

    with refused("another_event"):
        forge(
            goods.stage,
            NOVAMED,
            lie,
            units=units_of(goods, "S000000"),
            parents=[own.statement_id],
        )

    unit = queries.find_unit(gtin=AMOXIL.gtin, serial="S000000")
    assert unit is not None
    assert unit.container == box(1)
    verify_whole(goods)


def test_no_case_is_freed_from_its_pallet_by_an_object_event(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.do(NOVAMED, "new_container", container=box(2))
    goods.do(NOVAMED, "pack", container=box(2), items=[box(1)])
    own = goods.do(NOVAMED, "pack", container=box(2), items=packs(serials(1, 30)))
    now = occasion(goods.stage, NOVAMED)
    lie = build.declare_error(
        build.hold(now, units=things(box(1))),
        declaration_time_ms=now.event_time_ms,
        reason="incorrect_data",
    )

    with refused("another_event"):
        forge(
            goods.stage,
            NOVAMED,
            lie,
            units=units_of(goods, *serials(5)),
            parents=[own.statement_id],
        )

    verify_whole(goods)


def test_a_supply_is_not_undone_late_under_another_word(goods: Goods) -> None:
    goods.deliver(packs(serials(2)))
    supply = goods.do(STELLA, "dispense", items=packs(serials(1))).statement_id
    goods.stage.tick(timedelta(days=11))

    with refused("too_late"):
        goods.do(STELLA, "correct", parents=[supply])

    assert goods.where()[(STELLA.gln, "dispensed")] == 1


def test_an_undo_names_the_last_supply_of_a_pack(goods: Goods) -> None:
    goods.deliver(packs(serials(2)))
    first = goods.do(STELLA, "dispense", items=packs(serials(1))).statement_id
    goods.do(STELLA, "undo", parents=[first], items=packs(serials(1)))
    goods.do(STELLA, "dispense_part", items=packs(serials(1)))
    goods.do(STELLA, "dispense", items=packs(serials(1)))

    with refused("moved_since"):
        goods.do(STELLA, "undo", parents=[first], items=packs(serials(1)))

    verify_whole(goods)


def test_a_supply_is_undone_once(goods: Goods) -> None:
    goods.deliver(packs(serials(2)))
    supply = goods.do(STELLA, "dispense", items=packs(serials(2))).statement_id
    goods.do(STELLA, "undo", parents=[supply], items=packs(serials(1)))

    with refused("moved_since"):
        goods.do(STELLA, "undo", parents=[supply], items=packs(serials(1)))
    goods.do(STELLA, "undo", parents=[supply], items=packs(serials(1, 1)))

    verify_whole(goods)


def test_a_further_part_of_an_opened_pack_is_not_an_alibi(goods: Goods) -> None:
    """Nothing moved at the second partial supply, so nothing is named to undo."""
    goods.deliver(packs(serials(2)))
    goods.do(STELLA, "dispense_part", items=packs(serials(1)))
    again = goods.do(STELLA, "dispense_part", items=packs(serials(1))).statement_id
    now = occasion(goods.stage, STELLA)
    lie = build.declare_error(
        build.dispense_part(now, units=things("S000030")),
        declaration_time_ms=now.event_time_ms,
        reason="did_not_occur",
    )

    with refused("not_in_event"):
        forge(
            goods.stage,
            STELLA,
            lie,
            units=units_of(goods, "S000030"),
            parents=[again],
        )

    verify_whole(goods)


def test_an_event_is_not_marked_corrected_by_naming_nothing_of_it(
    goods: Goods,
) -> None:
    goods.do(NOVAMED, "new_container", container=box(1))
    ref = goods.ship(packs(serials(3)))
    now = occasion(goods.stage, NOVAMED)
    lie = build.declare_error(
        build.hold(now, units=things(box(1))),
        declaration_time_ms=now.event_time_ms,
        reason="incorrect_data",
    )

    with refused("nothing_named"):
        forge(goods.stage, NOVAMED, lie, units={}, parents=[ref])

    assert not Event.objects.get(ref=ref).is_corrected


def test_a_correction_says_the_words_of_its_event(goods: Goods) -> None:
    ref = goods.ship(packs(serials(3)))
    now = occasion(goods.stage, NOVAMED)
    lie = build.declare_error(
        build.destroy(now, units=things("S000000")),
        declaration_time_ms=now.event_time_ms,
        reason="incorrect_data",
    )

    with refused("another_event"):
        forge(
            goods.stage, NOVAMED, lie, units=units_of(goods, "S000000"), parents=[ref]
        )

    assert goods.where()[(NOVAMED.gln, "in_transit")] == 3


def test_a_despatch_in_cases_is_corrected_and_sent_again(goods: Goods) -> None:
    goods.fill(1, serials(5))
    goods.do(NOVAMED, "new_container", container=box(2))
    goods.do(NOVAMED, "pack", container=box(2), items=[box(1), *packs(serials(2, 5))])
    ref = goods.ship([box(2)])
    goods.do(NOVAMED, "correct", parents=[ref])

    again = goods.ship([box(2)])
    receipt = goods.receive(again)
    goods.do(TRANSPHARM, "correct", parents=[receipt])
    goods.receive(again)

    assert goods.where()[(TRANSPHARM.gln, "active")] == 7
    verify_whole(goods)
