"""A refusal stands beside its field; dates are typed in one order everywhere."""

import pytest
from playwright.sync_api import expect

from tests.browser.scripts.sayings import WORDS, accepted, draft_shipping, make_key

pytestmark = pytest.mark.browser
SIGN = {"label": "Sign and recall", "meaning": "I recall"}


@pytest.fixture
def draft(stage):
    draft = draft_shipping()
    stage.answers["/api/v1/drafts"] = lambda sent: (200, draft.as_json())
    stage.answers["/api/v1/statements"] = lambda sent: (
        201,
        accepted(draft.statement_id),
    )
    return draft


@pytest.fixture
def page(stage, open_page, draft):
    return open_page(stage.show("/recalls/new", "fields.html", sign=SIGN))


def refuse(stage, **members):
    document = {"title": "Refused", "status": 400, **members}
    stage.answers["/api/v1/drafts"] = lambda sent: (400, document)


def review(page):
    page.get_by_role("button", name="Show what will be signed").click()


def test_the_field_is_named_marked_and_has_the_keyboard(stage, page):
    refuse(
        stage,
        code="missing_field",
        field="body.scope",
        detail="body.scope: missing field",
    )
    page.fill("#reason", "wrong leaflet")

    review(page)

    lots = page.locator("#lots")
    expect(lots).to_be_focused()
    expect(lots).to_have_attribute("aria-invalid", "true")
    expect(lots).to_have_accessible_description("This is needed.")
    expect(page.locator("[data-sign-problem]")).to_be_empty()
    expect(page.locator("main")).not_to_contain_text("body.scope")


def test_a_folded_field_is_unfolded_and_keeps_its_help(stage, page):
    refuse(
        stage,
        code="bad_date",
        field="scope.expiry_to",
        got="2029-02-31",
        wanted="a day",
    )
    page.fill("#reason", "wrong leaflet")

    review(page)

    expect(page.locator("#day")).to_be_focused()
    expect(page.locator("#day")).to_have_attribute(
        "aria-describedby", "day-help day-refused"
    )
    expect(page.locator("#day-refused")).to_contain_text("2029-02-31")


def test_the_mark_goes_with_the_next_try(stage, page, draft):
    refuse(stage, code="bad_date", field="scope.expiry_to", got="2029-02-31")
    page.fill("#reason", "wrong leaflet")
    review(page)
    expect(page.locator("#day-refused")).to_be_visible()
    stage.answers["/api/v1/drafts"] = lambda sent: (200, draft.as_json())

    review(page)

    expect(page.locator("[data-sign-words]")).to_have_text(WORDS)
    expect(page.locator("#day-refused")).to_have_count(0)
    expect(page.locator("#day")).to_have_attribute("aria-describedby", "day-help")
    assert page.locator("#day").get_attribute("aria-invalid") is None


def test_a_refusal_of_no_field_says_each_thing_once(stage, page):
    refuse(
        stage,
        code="not_in_your_custody",
        detail="not in your custody; got 3 packs; wanted packs you hold",
        got="3 packs",
        wanted="packs you hold",
        to_do="Mend the request and send it again.",
    )
    page.fill("#reason", "wrong leaflet")

    review(page)

    said = page.locator("[data-sign-problem]")
    expect(said).to_contain_text("Not in your custody.")
    assert said.inner_text().count("3 packs") == 1
    assert said.inner_text().count("packs you hold") == 1
    expect(said).not_to_contain_text("Mend the request")


def test_a_field_not_reached_yet_is_no_fault(stage, open_page, draft):
    refuse(stage, code="missing_field", field="body.scope")
    page = open_page(stage.show("/recalls/new", "fields.html", sign=SIGN, live=True))

    with page.expect_response("**/api/v1/drafts"):
        page.fill("#reason", "wrong leaflet")
    page.wait_for_timeout(300)  # what it would say, it says by now

    assert stage.sent_to("/api/v1/drafts")
    expect(page.locator("main")).not_to_contain_text("This is needed.")
    expect(page.locator("#reason")).to_be_focused()


@pytest.mark.parametrize(
    ("typed", "fits"),
    [("2029-06-30", True), ("30/06/2029", False), ("90630-01-01", False)],
)
def test_a_date_is_typed_as_it_is_written_in_tables(page, typed, fits):
    page.get_by_text("More", exact=True).click()
    page.locator("#day").press_sequentially(typed)

    assert page.locator("#day").evaluate("one => one.checkValidity()") is fits
    assert page.locator("#day").input_value() == typed[:10]


def test_the_next_step_may_be_the_page_of_what_was_signed(stage, page, draft):
    make_key(page)
    page.fill("#reason", "wrong leaflet")
    review(page)
    page.get_by_role("button", name="Sign and recall").click()

    expect(page.get_by_role("link", name="Continue")).to_have_attribute(
        "href", f"/recalls/{draft.statement_id}"
    )
