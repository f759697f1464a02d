"""Each situation of a real pack, as its asker is told."""

from datetime import timedelta

import pytest

from pharmatrace.demo.cast import LINDE, NOVAMED, REGULATOR, STELLA, TRANSPHARM
from tests.scan.packs import LOT, code

EXPIRY = "2029-02-28"


def told(verdict):
    return verdict.rule.verdict, verdict.rule.code, verdict.rule.alert


def test_a_pharmacy_may_dispense_what_it_received(chain):
    verdict = chain.scan(chain.code(0), STELLA)

    assert told(verdict) == ("dispense", "genuine_in_date_yours", "")
    assert verdict.reason == "Genuine, in date, yours."
    assert verdict.product == "Amoxil 500 mg · 24 capsules"
    assert (verdict.lot, verdict.expiry_date.isoformat()) == (LOT, EXPIRY)
    assert verdict.is_recalled is False


@pytest.mark.parametrize(
    "form",
    [
        "]d2{}",
        "{}\r\n",
        "\x02{}\x03",
    ],
)
def test_the_frame_of_a_scanner_changes_nothing(chain, form):
    assert told(chain.scan(form.format(chain.code(0)), STELLA))[0] == "dispense"


@pytest.mark.parametrize("gs", ["<GS>", "{GS}", "\\x1d", "␝"])
def test_a_spelled_separator_is_a_separator(chain, gs):
    assert told(chain.scan(chain.code(0, gs=gs), STELLA))[0] == "dispense"


def test_a_digital_link_of_any_host_names_the_pack(chain):
    link = chain.epc(1).replace("id.gs1.org", "evil.example")

    assert told(chain.scan(link, STELLA))[0] == "dispense"


def test_a_code_without_lot_shows_the_record_to_its_holder(chain):
    verdict = chain.scan(chain.epc(1), STELLA)

    assert (verdict.lot, verdict.expiry_date.isoformat()) == (LOT, EXPIRY)


def test_a_maker_reads_genuine_of_its_own(chain):
    verdict = chain.scan(chain.code(11), NOVAMED)

    assert told(verdict) == ("dispense", "genuine_yours", "")


def test_a_pharmacy_without_licence_in_force_may_not_supply(chain):
    chain.stage.license(STELLA, suspended=True)

    assert told(chain.scan(chain.code(0), STELLA))[1] == "genuine_yours"


def test_a_pack_of_another_is_held_and_tells_nothing_of_the_record(chain):
    verdict = chain.scan(chain.epc(0), LINDE)

    assert told(verdict) == ("hold", "not_in_your_custody", "")
    assert (verdict.lot, verdict.expiry_date) == ("", None)
    assert verdict.timeline == ()
    assert verdict.statement_id == ""


def test_an_unknown_serial_is_held(chain):
    assert told(chain.scan(code("NOSUCH1"), STELLA)) == ("hold", "unknown", "A3")


def test_an_unknown_serial_of_an_unknown_lot_is_told_apart(chain):
    verdict = chain.scan(code("NOSUCH1", lot="ZZZ"), STELLA)

    assert told(verdict) == ("hold", "unknown", "A2")


def test_an_unregistered_product_is_unknown(chain):
    verdict = chain.scan(code("NOSUCH1", gtin="04006381333931"), STELLA)

    assert told(verdict)[:2] == ("hold", "unknown")
    assert verdict.product == ""


@pytest.mark.parametrize(
    ("changes", "alert", "wanted"),
    [
        ({"lot": "B9"}, "A68", "lot_differs"),
        ({"expiry": "290331"}, "A52", "expiry_differs"),
        ({"expiry": "290331", "lot": "B9"}, "A52", "expiry_differs"),
    ],
)
def test_a_code_that_differs_from_the_record_is_held(chain, changes, alert, wanted):
    verdict = chain.scan(chain.code(0, **changes), STELLA)

    assert told(verdict) == ("hold", wanted, alert)
    assert verdict.lot == changes.get("lot", LOT)


def test_day_zero_is_the_end_of_the_month(chain):
    assert told(chain.scan(chain.code(0, expiry="290200"), STELLA))[0] == "dispense"


def test_a_recall_blocks_at_once_and_says_why(chain):
    chain.recall()

    verdict = chain.scan(chain.code(0), STELLA)

    assert told(verdict) == ("hold", "recalled", "")
    assert verdict.reason == "Recalled on 1 March 2027: class II, wrong leaflet."
    assert verdict.is_recalled is True


def test_a_recall_of_the_lot_blocks_a_code_without_serial(chain):
    lot_only = f"01{chain.code(0)[2:16]}10{LOT}"
    before = chain.scan(lot_only, STELLA)
    chain.recall()
    after = chain.scan(lot_only, STELLA)

    assert told(before) == ("ask", "no_serial", "")
    assert told(after) == ("hold", "recalled", "")


def test_a_recall_of_some_serials_leaves_the_others(chain):
    chain.recall(scope={"lots": [LOT], "serials": [chain.names[0]]})

    assert told(chain.scan(chain.code(0), STELLA))[1] == "recalled"
    assert told(chain.scan(chain.code(1), STELLA))[1] == "genuine_in_date_yours"


def test_ones_own_supply_is_told_with_its_time(chain):
    supplied = chain.do(STELLA, "dispense", items=[chain.epc(0)])
    verdict = chain.scan(chain.code(0), STELLA)
    next_day = chain.scan(chain.code(0), STELLA, later=timedelta(days=1))

    assert told(verdict) == ("hold", "already_dispensed", "A7")
    assert verdict.reason == (
        "This serial was already dispensed here at 08:00 UTC today."
    )
    assert next_day.reason == (
        "This serial was already dispensed here on 1 March 2027 at 08:00 UTC."
    )
    assert verdict.undo.ref == supplied.statement_id


def test_anothers_supply_is_told_without_time_or_place(chain):
    chain.do(STELLA, "dispense", items=[chain.epc(0)])

    verdict = chain.scan(chain.code(0), LINDE)

    assert told(verdict) == ("hold", "already_dispensed", "A7")
    assert verdict.reason == "This serial was already supplied elsewhere."
    assert verdict.undo is None


def test_a_supply_can_be_taken_back_for_ten_days(chain):
    chain.do(STELLA, "dispense", items=[chain.epc(0)])

    last = chain.scan(chain.code(0), STELLA, later=timedelta(days=10) - timedelta(1e-7))
    late = chain.scan(chain.code(0), STELLA, later=timedelta(days=10, seconds=1))

    assert last.undo is not None
    assert late.undo is None


def test_a_recall_since_forbids_to_take_a_supply_back(chain):
    chain.do(STELLA, "dispense", items=[chain.epc(0)])
    chain.recall()

    verdict = chain.scan(chain.code(0), STELLA)

    assert told(verdict)[1] == "recalled"
    assert verdict.undo is None


def test_a_supply_that_was_taken_back_may_be_supplied_again(chain):
    ref = chain.do(STELLA, "dispense", items=[chain.epc(0)]).statement_id
    chain.do(STELLA, "undo", items=[chain.epc(0)], parents=[ref])

    verdict = chain.scan(chain.code(0), STELLA)

    assert told(verdict)[1] == "genuine_in_date_yours"
    assert verdict.undo is None


def test_an_opened_pack_may_be_supplied_to_its_end(chain):
    chain.do(STELLA, "dispense_part", items=[chain.epc(0)])

    assert told(chain.scan(chain.code(0), STELLA)) == ("dispense", "opened_yours", "")
    assert told(chain.scan(chain.code(0), LINDE))[1] == "not_in_your_custody"


@pytest.mark.parametrize(
    ("step", "wanted"),
    [
        ("stolen", "stolen"),
        ("destroy", "serial_ended"),
        ("decommission", "serial_ended"),
        ("sample", "serial_ended"),
        ("lost", "serial_ended"),
    ],
)
def test_an_ended_serial_is_held_for_everybody(chain, step, wanted):
    chain.do(NOVAMED, step, items=[chain.epc(11)])

    assert told(chain.scan(chain.code(11), NOVAMED)) == ("hold", wanted, "A24")
    assert told(chain.scan(chain.code(11), STELLA)) == ("hold", wanted, "A24")


def test_a_hold_is_told_to_its_holder_only(chain):
    chain.do(STELLA, "hold", items=[chain.epc(0)])

    assert told(chain.scan(chain.code(0), STELLA)) == ("hold", "on_hold", "")
    assert told(chain.scan(chain.code(0), LINDE))[1] == "not_in_your_custody"


def test_an_expired_pack_is_held(chain):
    last_day = chain.scan(chain.code(0), STELLA, later=timedelta(days=730))
    after = chain.scan(chain.code(0), STELLA, later=timedelta(days=731))

    assert told(last_day)[1] == "genuine_in_date_yours"
    assert told(after) == ("hold", "expired", "")
    assert after.reason == "This pack is past its date: end of February 2029."


def test_a_pack_under_way_is_received_first(chain):
    ref = chain.ship([chain.epc(7)], by=NOVAMED, to=TRANSPHARM)

    to_you = chain.scan(chain.code(7), TRANSPHARM)
    from_you = chain.scan(chain.code(7), NOVAMED)
    foreign = chain.scan(chain.code(7), STELLA)

    assert told(to_you) == ("hold", "in_transit_to_you", "")
    assert to_you.shipment_ref == ref
    assert told(from_you) == ("hold", "in_transit_from_you", "")
    assert told(foreign) == ("hold", "not_in_your_custody", "")
    assert foreign.shipment_ref == ""


def test_a_regulator_is_told_who_holds_the_pack(chain):
    verdict = chain.scan(chain.code(0), REGULATOR)

    assert told(verdict) == ("hold", "not_in_your_custody", "")
    assert verdict.reason == "Genuine and in date, in the custody of Stella Pharmacy."
