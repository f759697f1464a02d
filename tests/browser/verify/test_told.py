"""Promises and answers of the site, checked from a saved file."""

import pytest
from playwright.sync_api import expect

from apps.core.envelope import envelope_json
from tests.agreement import promised
from tests.browser.verify.test_saved import give, step, verdict
from tests.core.outside import small_ledger as cast
from tests.core.outside.test_answer import signed
from tests.core.outside.test_dropped import OTHERS, OURS, busy, receipt_for

GENESIS = envelope_json(cast.small_ledger().said["genesis"][0])


def told(log, *, is_rooted=True):
    """A receipt for what the log should hold, and all that it holds since genesis."""
    size = len(log.leaves)
    made = promised.told_of(log, receipt_for(*OURS), 2, size, is_rooted=is_rooted)
    return made.documents


def test_a_promise_that_the_log_keeps(open_saved):
    page = open_saved()

    give(page, *promised.kept_in_window().documents)

    expect(verdict(page)).to_have_text("Holds")
    expect(step(page, 7)).to_contain_text("All entries from 2 to")
    expect(step(page, 11)).to_contain_text("Kept, for statement abababab…abababab.")
    shown = page.locator("[data-report] .card").first
    expect(shown).to_contain_text("Nothing else stands in the log between its entries")
    expect(page.locator(".fresh")).to_contain_text("cosigned by 1 of 1 witnesses")
    page.get_by_text("The checkpoint, with its signatures").click()
    expect(page.locator("details[open] pre")).to_contain_text("trace.example/log")


def test_a_promise_that_was_dropped_is_shown_to_be(open_saved):
    page = open_saved()

    give(page, *told(busy((-30, *OTHERS), (61, *OTHERS))))

    expect(verdict(page)).to_have_text("Does not hold")
    expect(page.locator(".band")).to_contain_text("does not hold the statement")
    failed = step(page, 11)
    expect(failed).to_contain_text("promise_dropped")
    expect(failed.locator("dd").nth(1)).to_have_text("commitments[0]")
    expect(failed.locator("dd").nth(2)).to_have_text("no such leaf from 2 to 5")
    expect(failed.locator("dd").nth(3)).to_have_text(
        f"{OURS[0].hex()} by 2026-03-02T09:01:00.000Z"
    )
    # The evidence itself holds: it convicts the ledger.
    report = page.locator("[data-report]")
    expect(report).to_contain_text("the promise was broken")
    expect(report).not_to_contain_text("the evidence was changed")
    expect(report).not_to_contain_text("Nothing that could be relied on")


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(60, "has not come to the end of the minute"), (61, "is overdue: a quorum saw")],
)
def test_a_promise_whose_time_is_not_over_is_open(open_saved, seconds, says):
    page = open_saved()

    give(page, *told(busy((-30, *OTHERS), seconds=cast.AT // 1000 + seconds)))

    expect(verdict(page)).to_have_text("Holds in part")
    expect(step(page, 11)).to_contain_text(says)
    expect(page.get_by_text("What became of the promised entry")).to_be_visible()


def test_a_receipt_of_nobody_known_accuses_nobody(open_saved):
    page = open_saved()

    give(page, *told(busy((-30, *OTHERS), (61, *OTHERS)), is_rooted=False))

    expect(verdict(page)).to_have_text("Holds in part")
    expect(step(page, 11)).to_contain_text("nothing here shows whose receipt it is")


def test_an_answer_is_shown_to_be_the_site_s(open_saved):
    page = open_saved()

    give(page, {"verdict": "hold", "answer": envelope_json(signed())}, GENESIS)

    expect(verdict(page)).to_have_text("Holds")
    expect(step(page, 15)).to_contain_text(
        "At 2026-03-02 09:00:00 UTC 9524141000015 was answered: Hold (recalled)"
    )
    expect(page.locator(".band-pack")).to_contain_text("Site says")
    expect(page.locator(".band-pack")).to_contain_text("S2")
    expect(page.get_by_text("proves the words, and not the pack")).to_be_visible()


def test_an_answer_of_nobody_known_is_nobody_s(open_saved):
    page = open_saved(genesis_id="")

    give(page, envelope_json(signed()))

    expect(verdict(page)).to_have_text("Holds in part")
    expect(step(page, 15)).to_contain_text("Nothing here shows who signed that")


def test_an_answer_that_somebody_else_signed_does_not_hold(open_saved):
    page = open_saved()

    give(page, envelope_json(signed(signer="mallory")), GENESIS)

    expect(verdict(page)).to_have_text("Does not hold")
    expect(step(page, 15)).to_contain_text("unknown_key")


def test_a_bundle_is_left_to_the_command(open_saved):
    page = open_saved()

    bundle = {"name": "b.zip", "mimeType": "application/zip", "buffer": b"PK\3\4"}
    page.set_input_files("[data-files]", bundle)

    expect(page.locator("[data-problem]")).to_contain_text("pharmatrace-verify checks")
    expect(page.locator("#verdict")).to_have_count(0)


def test_what_is_told_is_told_in_german(open_saved, assert_accessible):
    page = open_saved("de")
    answer = {"answer": envelope_json(signed())}

    give(page, *promised.overdue_in_window().documents, answer)

    expect(step(page, 11)).to_contain_text("ist überfällig: Ein Quorum sah das Log")
    expect(step(page, 15)).to_contain_text("Zurückhalten (recalled)")
    assert_accessible(page)
