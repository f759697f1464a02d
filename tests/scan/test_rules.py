"""The decision table, without a database: every case has one answer, in one order."""

from itertools import product

import pytest

from apps.scan.formats.facts import Facts
from apps.scan.formats.rules import RULES, decide

UNKNOWN = {"is_known": False, "status": "", "is_yours": False, "may_supply": False}
FOREIGN = {"is_yours": False, "may_supply": False}

# The worst that can be said comes first: each row adds one fact to the row after it.
CASES = [
    ({"reading": "unreadable", **UNKNOWN}, "ask", "unreadable", ""),
    ({"reading": "ambiguous", **UNKNOWN}, "ask", "group_separator_lost", ""),
    ({"is_case_swapped": True, **UNKNOWN}, "ask", "case_swapped", ""),
    ({"is_case_swapped": True, "lot_differs": True}, "ask", "case_swapped", ""),
    ({"reading": "container", **UNKNOWN}, "ask", "no_serial", ""),
    ({"is_product_known": False, **UNKNOWN}, "hold", "unknown", ""),
    ({"reading": "partial", **UNKNOWN}, "ask", "no_serial", ""),
    (
        {"reading": "partial", "is_recalled": True, **UNKNOWN},
        "hold",
        "recalled",
        "",
    ),
    ({**UNKNOWN}, "hold", "unknown", "A3"),
    ({"is_lot_known": False, **UNKNOWN}, "hold", "unknown", "A2"),
    ({"is_recalled": True, **UNKNOWN}, "hold", "unknown", "A3"),
    ({"expiry_differs": True}, "hold", "expiry_differs", "A52"),
    ({"expiry_differs": True, "lot_differs": True}, "hold", "expiry_differs", "A52"),
    ({"lot_differs": True}, "hold", "lot_differs", "A68"),
    ({"lot_differs": True, "status": "stolen"}, "hold", "lot_differs", "A68"),
    ({"status": "stolen", "is_recalled": True}, "hold", "stolen", "A24"),
    ({"is_recalled": True}, "hold", "recalled", ""),
    ({"is_recalled": True, "status": "dispensed"}, "hold", "recalled", ""),
    ({"is_recalled": True, **FOREIGN}, "hold", "recalled", ""),
    ({"status": "dispensed"}, "hold", "already_dispensed", "A7"),
    ({"status": "dispensed", **FOREIGN}, "hold", "already_dispensed", "A7"),
    ({"status": "dispensed", "is_expired": True}, "hold", "already_dispensed", "A7"),
    ({"status": "destroyed"}, "hold", "serial_ended", "A24"),
    ({"status": "exported"}, "hold", "serial_ended", "A24"),
    ({"status": "a status to come"}, "hold", "serial_ended", "A24"),
    ({"is_held": True, "is_expired": True}, "hold", "on_hold", ""),
    ({"is_held": True, **FOREIGN}, "hold", "not_in_your_custody", ""),
    ({"is_expired": True}, "hold", "expired", ""),
    ({"is_expired": True, **FOREIGN}, "hold", "expired", ""),
    (
        {"status": "in_transit", "is_sent_to_you": True, **FOREIGN},
        "hold",
        "in_transit_to_you",
        "",
    ),
    ({"status": "in_transit"}, "hold", "in_transit_from_you", ""),
    ({"status": "in_transit", **FOREIGN}, "hold", "not_in_your_custody", ""),
    ({"is_inspector": True, **FOREIGN}, "hold", "not_in_your_custody", ""),
    ({**FOREIGN}, "hold", "not_in_your_custody", ""),
    ({"status": "partially_dispensed"}, "dispense", "opened_yours", ""),
    (
        {"status": "partially_dispensed", "may_supply": False},
        "dispense",
        "genuine_yours",
        "",
    ),
    ({}, "dispense", "genuine_in_date_yours", ""),
    ({"may_supply": False}, "dispense", "genuine_yours", ""),
]


@pytest.mark.parametrize(("facts", "verdict", "code", "alert"), CASES)
def test_the_table(facts, verdict, code, alert):
    rule = decide(Facts(**facts))

    assert (rule.verdict, rule.code, rule.alert) == (verdict, code, alert)


def test_every_row_of_the_table_is_reached_by_a_case():
    reached = [decide(Facts(**facts)) for facts, *_ in CASES]

    assert [rule.code for rule in RULES if rule not in reached] == []


FLAGS = [
    "is_known", "is_lot_known", "is_case_swapped", "lot_differs", "expiry_differs",
    "is_recalled", "is_held", "is_expired", "is_yours", "is_sent_to_you",
    "is_inspector", "may_supply",
]  # fmt: skip
STATUSES = [
    "active",
    "in_transit",
    "partially_dispensed",
    "dispensed",
    "stolen",
    "lost",
]


def _everything():
    for reading in ("pack", "partial", "container", "unreadable", "ambiguous"):
        for values in product((False, True), repeat=len(FLAGS)):
            flags = dict(zip(FLAGS, values, strict=True))
            # An unknown pack has no status, and no status belongs to an unknown pack.
            for status in STATUSES if flags["is_known"] else [""]:
                yield Facts(reading=reading, status=status, **flags)


def test_every_combination_of_facts_has_an_answer():
    answered = {decide(facts).code for facts in _everything()}

    assert answered == {rule.code for rule in RULES}


def test_dispense_is_said_only_where_nothing_speaks_against_it():
    wrong = [
        facts
        for facts in _everything()
        if decide(facts).verdict == "dispense"
        and not (
            facts.reading in {"pack", "partial"}
            and facts.is_known
            and facts.is_yours
            and facts.status in {"active", "partially_dispensed"}
            and not facts.is_recalled
            and not facts.is_held
            and not facts.is_expired
            and not facts.lot_differs
            and not facts.expiry_differs
            and not facts.is_case_swapped
        )
    ]

    assert wrong == []


def test_every_row_says_a_sentence_and_one_next_step():
    silent = [rule.code for rule in RULES if not (rule.sentence and rule.next_step)]
    loud = [rule.code for rule in RULES if "!" in f"{rule.sentence}{rule.next_step}"]

    assert (silent, loud) == ([], [])
