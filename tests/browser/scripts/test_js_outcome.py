"""Once signed, the band says what was done; nothing of the old verdict stays."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.browser.scripts.sayings import accepted, draft_shipping, make_key

pytestmark = pytest.mark.browser
BAND = SimpleNamespace(
    state="stop", word="Hold", reason="Already dispensed.", product="Amoxil 500 mg"
)
STEP = SimpleNamespace(
    word="Take the supply back",
    note="Possible for 10 days.",
    wish={"kind": "event", "step": "undo"},
    sign={"label": "Sign and take the supply back", "meaning": "I take it back"},
    done="Taken back",
    after="Recorded. Scan the pack again.",
)


@pytest.fixture
def page(stage, open_page):
    draft = draft_shipping()
    stage.answers["/api/v1/drafts"] = lambda sent: (200, draft.as_json())
    stage.answers["/api/v1/statements"] = lambda sent: (
        201,
        accepted(draft.statement_id),
    )
    shown = SimpleNamespace(band=BAND, step=STEP, back_url="/scan?code=1")
    page = open_page(stage.show("/scan/sign/undo", "scan/scan_sign.html", page=shown))
    make_key(page)
    return page


def sign(page):
    page.get_by_role("button", name="Sign and take the supply back").click()
    expect(page.locator("[data-sign-receipt]")).to_contain_text("Recorded as")


def test_the_band_says_what_was_signed_and_when(page):
    sign(page)

    band = page.locator(".band")
    expect(band.locator(".band-word")).to_have_text("Taken back 11:06 UTC")
    expect(band).to_have_class("band is-past band-full")
    expect(band).to_contain_text("Recorded. Scan the pack again.")
    expect(band).not_to_contain_text("Hold")
    expect(band).not_to_contain_text("Already dispensed")


def test_what_could_be_done_before_goes_away(page):
    expect(page.get_by_text("Possible for 10 days.")).to_be_visible()

    sign(page)

    expect(page.get_by_text("Possible for 10 days.")).to_be_hidden()
    expect(page.get_by_role("link", name="Back to the verdict")).to_be_hidden()


def test_the_next_step_has_its_name_and_the_keyboard(page):
    sign(page)

    link = page.get_by_role("link", name="Scan the next pack")
    expect(link).to_have_attribute("href", "/scan")
    expect(link).to_be_focused()


def test_a_refusal_leaves_the_band_as_it_was(stage, page):
    stage.answers["/api/v1/statements"] = lambda sent: (409, {"title": "Refused"})

    page.get_by_role("button", name="Sign and take the supply back").click()

    expect(page.get_by_role("alert")).to_contain_text("Refused")
    expect(page.locator(".band-word")).to_have_text("Hold")
    expect(page.get_by_text("Possible for 10 days.")).to_be_visible()
