"""A file of events in the browser: signed only where it is the one that is named."""

import pytest
from playwright.sync_api import expect

from tests.browser.scripts.sayings import draft_shipping, make_key
from tests.browser.scripts.test_js_sign import (
    SIGN,
    draft,
    fill_and_review,
    page,
    sign,
)

__all__ = ["draft", "page"]
pytestmark = pytest.mark.browser
LINES = '{"event":1}\n{"event":"Ä"}\n'
FILE = draft_shipping(lines=LINES.encode()).as_json()


def test_a_file_of_events_travels_beside_its_envelope(stage, page):
    make_key(page)
    stage.answers["/api/v1/drafts"] = lambda sent: (200, FILE)
    fill_and_review(page)
    expect(page.locator("[data-fact-bytes]")).to_contain_text('{"event":"Ä"}')
    sign(page)

    expect(page.locator("[data-sign-receipt]")).to_contain_text("Recorded as")
    [sent] = stage.sent_to("/api/v1/statements")
    assert sent.headers["Content-Type"].startswith("multipart/form-data")
    assert b'name="events"' in sent.body
    assert LINES.encode() in sent.body


@pytest.mark.parametrize(
    "forged",
    [
        {**FILE, "lines": LINES.replace("1", "2")},
        {**FILE, "lines": LINES + LINES},
        {**FILE, "lines": LINES.splitlines(keepends=True)[0]},
        {**FILE, "lines": LINES[:-1]},
        {**FILE, "lines": LINES.replace("\n", "\r\n")},
        {**FILE, "lines": ""},
        {name: value for name, value in FILE.items() if name != "lines"},
        {**draft_shipping().as_json(), "lines": LINES},
    ],
    ids=["other", "longer", "cut", "no end", "crlf", "empty", "hidden", "stray"],
)
def test_forged_lines_are_not_signed(stage, page, forged):
    make_key(page)
    stage.answers["/api/v1/drafts"] = lambda sent: (200, forged)

    fill_and_review(page)

    expect(page.get_by_role("alert")).to_contain_text("Nothing was signed")
    expect(page.get_by_role("alert")).to_contain_text("lines")
    expect(page.get_by_role("button", name=SIGN["label"])).to_be_disabled()
    assert stage.sent_to("/api/v1/statements") == []
