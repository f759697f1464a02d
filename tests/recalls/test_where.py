"""Where the units are: counts that sum, contacts, traces, and who sees which."""

from datetime import timedelta

import pytest

from apps.core.errors import MalformedInput
from apps.recalls.operations import flag_affected
from apps.recalls.queries.affected import affected, csv_lines
from apps.recalls.queries.burn_down import burn_down
from apps.recalls.queries.case import Case
from apps.recalls.queries.report import build_report
from apps.recalls.queries.shares import tally
from apps.recalls.queries.trace import find_trace
from apps.recalls.queries.where import find_where, read_criteria, what_if
from pharmatrace.demo.cast import (
    AMOXIL,
    LINDE,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)
from tests.recalls.calls import (
    Goods,
    answer,
    close,
    open_recall,
    packs,
    serials,
    spread,
)


def test_the_tiers_of_a_recall_sum_to_all_of_its_units(stage):
    goods = spread(stage)
    goods.ship(packs(serials(5, start=40)))
    goods.do(NOVAMED, "lost", items=packs(["S000050"]))
    goods.do(NOVAMED, "destroy", items=packs(["S000051"]))
    recall = open_recall(stage)

    counted = tally(affected(Case(recall)))

    assert counted.tiers == {
        "maker": 63,
        "in_transit": 5,
        "wholesaler": 20,
        "pharmacy": 6,
        "supplied": 4,
        "ended": 1,
        "missing": 1,
    }
    assert counted.total == sum(counted.tiers.values()) == 100
    assert counted.unaccounted == 6
    assert counted.holders == 3


def test_every_holder_stands_there_with_whom_to_call_and_its_last_answer(stage):
    spread(stage)
    recall = open_recall(stage)
    answer(stage, recall, quarantined=5, supplied=4, not_found=1)
    answer(stage, recall, quarantined=6, supplied=4)

    row = next(row for row in affected(Case(recall)) if row.tier == "pharmacy")

    assert (row.holder_name, row.site_name) == (STELLA.name, STELLA.sites[0].name)
    assert row.contact.email == "stella@stella.example"
    assert row.contact.phone == STELLA.phone
    assert row.answer is not None
    assert row.answer.counts == {"quarantined": 6, "supplied": 4}


def test_a_closed_recall_still_says_where_its_units_are(stage):
    spread(stage)
    recall = open_recall(stage, scope={"ranges": [["S000000", "S000009"]]})
    before = [(row.holder, row.count) for row in affected(Case(recall))]

    close(stage, recall)
    recall.refresh_from_db()

    assert [(row.holder, row.count) for row in affected(Case(recall))] == before
    assert sum(count for _, count in before) == 10


def test_the_status_report_counts_who_was_told_and_who_answered(stage):
    spread(stage)
    recall = open_recall(stage)
    flag_affected(recall_id=recall.pk, at=stage.tick())
    answer(stage, recall, quarantined=5, supplied=4, not_found=1)
    recall.refresh_from_db()

    in_time = build_report(case=Case(recall), rows=affected(Case(recall)), at=stage.at)
    late = build_report(
        case=Case(recall),
        rows=affected(Case(recall)),
        at=stage.at + timedelta(hours=73),
    )

    assert (in_time.notified, in_time.responded, in_time.not_responded) == (3, 1, 2)
    assert (in_time.on_hand_at_response, in_time.not_found) == (5, 1)
    assert (in_time.is_overdue, late.is_overdue) == (False, True)
    assert in_time.consignees[-1].name == STELLA.name
    assert [step.waiting for step in burn_down(Case(recall))] == [3, 2]


def test_csv_cells_begin_like_no_formula_and_serials_come_one_a_line(stage):
    goods = Goods(stage)
    names = ["=1+1", "-2", "+3", "A4"]
    goods.commission("=CMD", names=names)
    recall = open_recall(stage, "=CMD")

    plain = list(csv_lines(affected(Case(recall)), with_serials=False))
    each = list(csv_lines(affected(Case(recall)), with_serials=True))

    head = plain[0]
    assert plain[1][head.index("lot")] == "'=CMD"
    assert plain[1][head.index("phone")] == "'" + NOVAMED.phone
    assert plain[1][head.index("packs")] == "4"
    assert [line[-1] for line in each[1:]] == ["'=1+1", "'-2", "'+3", "A4"]
    assert {line[head.index("packs")] for line in each[1:]} == {"1"}
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        for line in plain + each
        for cell in line
    )


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"gtin": AMOXIL.gtin}, 105),
        ({"gtin": AMOXIL.gtin[1:], "lot": "A1"}, 100),
        ({"lot": "B2"}, 5),
        ({"gtin": AMOXIL.gtin, "serial": "S000003"}, 1),
        ({"gtin": AMOXIL.gtin, "serial": "UNKNOWN"}, 0),
        ({"expiry_from": "2029-02-28", "expiry_to": "2029-02-28"}, 105),
        ({"expiry_from": "2029-03-01"}, 0),
    ],
)
def test_a_question_by_gtin_lot_expiry_or_serial_finds_every_unit(stage, asked, count):
    goods = spread(stage)
    goods.commission("B2", names=serials(5, start=500))

    found = find_where(read_criteria(asked), actor=stage.actor(REGULATOR))

    assert found.tally.total == count


def test_only_the_regulator_and_the_maker_find_units(stage):
    spread(stage)
    asked = read_criteria({"gtin": AMOXIL.gtin})

    totals = [
        find_where(asked, actor=stage.actor(who)).tally.total
        for who in (REGULATOR, NOVAMED, TRANSPHARM, STELLA)
    ]

    assert totals == [100, 100, 0, 0]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "nothing_asked"),
        ({"serial": "S1"}, "missing_field"),
        ({"gtin": "123"}, "bad_length"),
        ({"gtin": "09521568251205"}, "bad_check_digit"),
        ({"lot": "A" * 21}, "too_long"),
        ({"expiry_to": "2029-02-30"}, "bad_date"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(asked, code):
    with pytest.raises(MalformedInput) as refused:
        read_criteria(asked)

    assert refused.value.code == code


def test_what_if_counts_before_anything_is_signed(stage):
    spread(stage)
    maker = stage.actor(NOVAMED)

    found = what_if({"gtin": AMOXIL.gtin, "scope": {"lots": ["A1"]}}, actor=maker)

    assert found is not None
    assert (found.tally.total, found.tally.holders, found.lots) == (100, 3, ["A1"])
    assert what_if({"gtin": AMOXIL.gtin, "scope": {}}, actor=maker) is None
    assert what_if({"gtin": "x", "scope": {"lots": ["A1"]}}, actor=maker) is None
    stranger = stage.actor(STELLA)
    wish = {"gtin": AMOXIL.gtin, "scope": {"lots": ["A1"]}}
    assert what_if(wish, actor=stranger) is None


def test_the_maker_sees_the_whole_way_of_a_lot(stage):
    spread(stage)

    trace = find_trace(
        gtin=AMOXIL.gtin, lot="A1", serial="", actor=stage.actor(NOVAMED)
    )

    assert trace is not None
    assert trace.is_complete
    held = {node.name: (node.held, node.supplied) for node in trace.nodes}
    assert held == {
        "Novamed": (70, 0),
        "Transpharm": (20, 0),
        "Stella Pharmacy": (6, 4),
    }
    steps = [(edge.rule, edge.count) for edge in trace.edges]
    assert steps == [
        ("commissioning", 100),
        ("shipping", 10),
        ("receiving", 10),
        ("shipping", 10),
        ("receiving", 10),
        ("shipping", 20),
        ("receiving", 20),
        ("supplying", 4),
    ]


def test_a_holder_sees_its_own_links_and_a_stranger_nothing(stage):
    spread(stage)
    lot = {"gtin": AMOXIL.gtin, "lot": "A1"}

    own = find_trace(**lot, serial="", actor=stage.actor(STELLA))
    pack = find_trace(**lot, serial="S000002", actor=stage.actor(STELLA))

    assert own is not None
    assert not own.is_complete
    assert [edge.rule for edge in own.edges] == ["receiving", "supplying"]
    assert {node.name for node in own.nodes} == {"Transpharm", "Stella Pharmacy"}
    assert {node.name: node.held for node in own.nodes}["Transpharm"] == 0
    assert pack is not None
    assert [edge.count for edge in pack.edges] == [1, 1]
    assert find_trace(**lot, serial="S000090", actor=stage.actor(STELLA)) is None
    assert find_trace(**lot, serial="NONE", actor=stage.actor(STELLA)) is None
    assert find_trace(**lot, serial="", actor=stage.actor(LINDE)) is None
    missing = {"gtin": AMOXIL.gtin, "lot": "NONE"}
    assert find_trace(**missing, serial="", actor=stage.actor(NOVAMED)) is None
