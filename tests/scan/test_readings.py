"""Doubt that is the scanner's: found out, explained, never taken for granted."""

import pytest

from apps.core.errors import MalformedInput, shown
from pharmatrace.demo.cast import AMOXIL, LINDE, STELLA
from tests.scan.packs import LOT, Chain, code

LINK = f"https://id.gs1.org/01/{AMOXIL.gtin}"


def told(verdict):
    return verdict.rule.verdict, verdict.rule.code


def test_a_lost_separator_is_found_out_and_the_one_real_pack_proposed(chain):
    verdict = chain.scan(chain.code(0, gs=""), STELLA)

    assert told(verdict) == ("ask", "group_separator_lost")
    assert verdict.read.proposal == f"{LINK}/10/{LOT}/21/{chain.names[0]}?17=290228"
    assert (verdict.lot, verdict.read.serial) == ("", "")


def test_the_proposal_scanned_is_the_pack(chain):
    proposal = chain.scan(chain.code(0, gs=""), STELLA).read.proposal

    assert told(chain.scan(proposal, STELLA)) == ("dispense", "genuine_in_date_yours")


def test_a_lost_separator_with_no_real_pack_proposes_nothing(chain):
    verdict = chain.scan(code("NOSUCH1", gs=""), STELLA)

    assert told(verdict) == ("ask", "group_separator_lost")
    assert verdict.read.proposal == ""


def test_a_lost_separator_before_a_wrong_lot_proposes_nothing(chain):
    verdict = chain.scan(chain.code(0, lot="B9", gs=""), STELLA)

    assert verdict.read.proposal == ""


def test_of_two_readings_the_real_one_is_proposed(stage):
    chain = Chain(stage)
    chain.commission(lot="A21", names=["B"])

    verdict = chain.scan(f"01{AMOXIL.gtin}10A2121B", STELLA)

    assert told(verdict) == ("ask", "group_separator_lost")
    assert verdict.read.proposal == f"{LINK}/10/A21/21/B"


def test_both_readings_real_propose_none(stage):
    chain = Chain(stage)
    chain.commission(lot="A", names=["21B"])
    chain.commission(lot="A21", names=["B"])

    verdict = chain.scan(f"01{AMOXIL.gtin}10A2121B", STELLA)

    assert told(verdict) == ("ask", "group_separator_lost")
    assert verdict.read.proposal == ""


def test_a_run_together_field_that_is_too_long_is_a_lost_separator(chain):
    verdict = chain.scan(f"01{AMOXIL.gtin}10" + "A" * 15 + "X" * 10 + "#", STELLA)

    assert verdict.rule.verdict == "ask"


def test_caps_lock_is_told_instead_of_counterfeit(chain):
    swapped = chain.names[0].swapcase()
    verdict = chain.scan(code(swapped, lot=LOT.swapcase()), STELLA)

    assert told(verdict) == ("ask", "case_swapped")
    assert verdict.read.proposal == f"{LINK}/10/{LOT}/21/{chain.names[0]}?17=290228"
    assert verdict.read.serial == swapped


def test_caps_lock_over_the_whole_code_is_told_too(chain):
    verdict = chain.scan(f"]d2{chain.code(0)}".swapcase(), STELLA)

    assert told(verdict) == ("ask", "case_swapped")
    assert verdict.read.proposal == f"{LINK}/10/{LOT}/21/{chain.names[0]}?17=290228"


def test_a_lot_in_the_other_case_is_caps_lock_not_a_wrong_lot(chain):
    verdict = chain.scan(chain.code(0, lot=LOT.lower()), STELLA)

    assert told(verdict) == ("ask", "case_swapped")


def test_the_proposal_tells_nothing_that_was_not_in_the_code(chain):
    verdict = chain.scan(f"{LINK}/21/{chain.names[0].swapcase()}", LINDE)

    assert told(verdict) == ("ask", "case_swapped")
    assert verdict.read.proposal == f"{LINK}/21/{chain.names[0]}"
    assert (verdict.lot, verdict.expiry_date, verdict.unit) == ("", None, None)


def test_a_serial_of_digits_has_no_other_case(stage):
    chain = Chain(stage)
    chain.commission(names=["1234567"])

    assert told(chain.scan(code("7654321"), STELLA)) == ("hold", "unknown")


@pytest.mark.parametrize(
    "text",
    [
        AMOXIL.gtin,
        f"01{AMOXIL.gtin}",
        f"01{AMOXIL.gtin}10{LOT}",
        f"(01){AMOXIL.gtin}(17)290228",
        f"{LINK}/10/{LOT}",
        "001952156800000000" + "1",
        "00195215680000000011",
    ],
)
def test_a_code_that_names_no_pack_is_asked_about(chain, text):
    assert chain.scan(text, STELLA).rule.verdict == "ask"


# What is wrong is named as closely as it can be: the element, the prefix, the host, or
# the length; the whole text where no part of it is to blame.
WRONG = {
    "hello": "hello",
    "javascript:alert(1)": "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>": "data:text/html,<script>alert(1)</script>",
    "\u202e0109521568251204": shown("\u202e0109521568251204"),
    "010952156825120321S1": "09521568251203",
    "]zz0109521568251204": "]zz",
    "01" + "９" * 14: "９" * 14,
    "(01)": None,
    "A" * 4_000: "4000",
    "01" * 1_500: "3000",
    "\ud800": shown("\ud800"),
    "a\x00b": shown("a\x00b"),
    "ftp://id.gs1.org/01/09521568251204/21/S1": (
        "ftp://id.gs1.org/01/09521568251204/21/S1"
    ),
    "https://user:pass@id.gs1.org/01/09521568251204/21/S1": "user:pass@id.gs1.org",
    "' OR 1=1 --": "' OR 1=1 --",
    "%s%x%(recall)s": "%s%x%(recall)s",
}


@pytest.mark.parametrize("text", WRONG, ids=ascii)
def test_hostile_text_is_unreadable_and_nothing_worse(chain, text):
    verdict = chain.scan(text, STELLA)

    assert told(verdict) == ("ask", "unreadable")
    assert verdict.unit is None
    assert verdict.read.fault.got == WRONG[text]
    assert verdict.read.fault.wanted


@pytest.mark.parametrize("text", ["", " ", "\r\n\t"])
def test_nothing_is_refused(chain, text):
    with pytest.raises(MalformedInput) as refused:
        chain.scan(text, STELLA)

    assert (refused.value.code, refused.value.field) == ("empty", "code")
