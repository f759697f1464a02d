"""An operator who took in what the law forbids, under its own good signature.

Log, chains and map are consistent and signed; only judging again finds it.
"""

import pytest

from apps.core.epcis import build
from apps.core.ordinals import Ordinals
from tests.core.bundle.liar import Liar
from tests.core.bundle.planning import bundle_of, check
from tests.core.bundle.saying import (
    DAY,
    NOVAMED,
    RIVER,
    STELLA,
    TRANSPHARM,
)


@pytest.fixture
def liar():
    return Liar()


def test_the_liar_tells_the_truth_first(liar):
    liar.deliver(0, 1)
    liar.lie(liar.supply(0), STELLA)
    liar.history.close()

    report = check(bundle_of(liar.history, "A1"), liar.history)

    assert {(p.gln, p.status): p.count for p in report.lots[0].places} == {
        (NOVAMED, "active"): 8,
        (STELLA, "active"): 1,
        (STELLA, "dispensed"): 1,
    }


def test_goods_that_somebody_else_holds_are_not_shipped(liar):
    liar.lie(liar.ship(0, by=TRANSPHARM, to=STELLA), TRANSPHARM)

    assert liar.refused() == (12, "not_in_your_custody")


def test_a_pack_is_not_supplied_twice(liar):
    liar.deliver(0)
    liar.lie(liar.supply(0), STELLA)
    liar.lie(liar.supply(0), STELLA)

    assert liar.refused() == (12, "already_dispensed")


def test_a_wholesaler_does_not_supply(liar):
    ref = liar.history.do(liar.ship(0), NOVAMED)
    liar.history.do(liar.receive(0), TRANSPHARM, (ref,))
    liar.lie(liar.supply(0, by=TRANSPHARM), TRANSPHARM)

    assert liar.refused() == (12, "not_licensed_to_supply")


def test_a_recalled_pack_is_not_supplied(liar):
    liar.deliver(0)
    liar.history.recall({"lots": ["A1"]})
    liar.lie(liar.supply(0), STELLA)

    assert liar.refused() == (12, "recalled")


def test_a_pack_of_a_recall_by_serial_is_not_supplied(liar):
    liar.deliver(0, 1)
    serial = liar.history.serials[liar.tag][0]
    liar.history.recall({"lots": ["A1"], "serials": [serial]})
    liar.lie(liar.supply(1), STELLA)
    liar.lie(liar.supply(0), STELLA)

    assert liar.refused() == (12, "recalled")


def test_a_pack_on_hold_is_not_shipped(liar):
    liar.history.do(build.hold(liar.at(NOVAMED), units=liar.packs(0)), NOVAMED)
    liar.lie(liar.ship(0), NOVAMED)

    assert liar.refused() == (12, "on_hold")


def test_nobody_but_the_addressee_receives(liar):
    ref = liar.history.do(liar.ship(0), NOVAMED)
    liar.lie(liar.receive(0, by=RIVER), RIVER, (ref,))

    assert liar.refused() == (12, "not_addressed_to_you")


def test_no_more_is_received_than_was_shipped(liar):
    ref = liar.history.do(liar.ship(0, 1), NOVAMED)
    liar.lie(liar.receive(0, 1, 2), TRANSPHARM, (ref,))

    assert liar.refused() == (12, "not_in_shipment")


def test_who_is_suspended_gets_no_goods(liar):
    liar.history.license(TRANSPHARM, suspended=True)
    liar.lie(liar.ship(0), NOVAMED)

    assert liar.refused() == (12, "addressee_not_licensed")


def test_a_licence_that_ended_is_ended(liar):
    liar.history.license(TRANSPHARM, to_ms=liar.history.at_ms + 1_500)
    liar.lie(liar.ship(0), NOVAMED)
    liar.lie(liar.ship(1), NOVAMED)

    assert liar.refused() == (12, "addressee_not_licensed")


def test_who_packs_holds_what_is_packed(liar):
    liar.history.do(liar.ship(0), NOVAMED)
    parent = liar.packs(1).epcs[0]
    event = build.pack(liar.at(NOVAMED), container=parent, children=liar.packs(0))
    liar.lie(event, NOVAMED)

    assert liar.refused() == (12, "in_transit")


def test_a_correction_comes_before_the_next_move(liar):
    event = liar.ship(0)
    ref = liar.history.do(event, NOVAMED)
    liar.history.do(liar.receive(0), TRANSPHARM, (ref,))
    back = build.declare_error(
        event, declaration_time_ms=liar.history.at_ms, reason="incorrect_data"
    )
    liar.lie(back, NOVAMED, (ref,))

    assert liar.refused() == (12, "moved_since")


def test_a_supply_is_not_undone_after_ten_days(liar):
    liar.deliver(0)
    event = liar.supply(0)
    ref = liar.lie(event, STELLA)
    liar.history.at_ms += 11 * DAY
    undo = build.declare_error(
        event, declaration_time_ms=liar.history.at_ms, reason="did_not_occur"
    )
    liar.lie(undo, STELLA, (ref,))

    assert liar.refused() == (12, "too_late")


def test_a_statement_is_not_accepted_before_what_it_builds_on(liar):
    ref = liar.history.do(liar.ship(0), NOVAMED)
    liar.history.at_ms -= 5_000
    liar.lie(liar.receive(0), TRANSPHARM, (ref,))

    assert liar.refused() == (12, "accepted_before_parent")


def test_a_set_of_other_units_than_those_named_was_signed(liar):
    liar.lie(liar.ship(0), NOVAMED, units=Ordinals.of([0, 1]))

    assert liar.refused() == (11, "subjects_differ")


def test_serials_are_those_of_the_root(liar):
    name = next(n for n, each in liar.history.said.items() if each.serials)
    serials = liar.history.said[name].serials
    serials[3], serials[4] = serials[4], serials[3]

    assert liar.refused() == (10, "serials_root_differs")
