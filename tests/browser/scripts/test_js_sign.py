"""What the browser signs: exactly the drafted bytes, or nothing."""

import base64
import re

import pytest
from playwright.sync_api import expect

from apps.core.canonical import canonical_bytes
from tests.browser.scripts.conftest import INSECURE
from tests.browser.scripts.sayings import (
    WORDS,
    accepted,
    draft_shipping,
    make_key,
    verify_envelope,
)

pytestmark = pytest.mark.browser
SIGN = {
    "label": "Sign and ship 40 cases to Transpharm",
    "meaning": "I ship these goods",
}
WISH = {"kind": "event", "step": "ship"}
NO_ED25519 = """
  const make = SubtleCrypto.prototype.generateKey;
  SubtleCrypto.prototype.generateKey = function (algorithm, ...rest) {
    if (algorithm.name === "Ed25519") return Promise.reject(new DOMException("", "NotSupportedError"));
    return make.call(this, algorithm, ...rest);
  };
"""


def problem(code, status=409, **members):
    return status, {
        "code": code,
        "title": "Refused by the record",
        "status": status,
        **members,
    }


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
    return open_page(stage.show("/ship", "sign.html", wish=WISH, sign=SIGN))


def fill_and_review(page):
    page.fill("#to", "9529999000019")
    page.fill("#items", "395215680000000000\n395215680000000017\n")
    page.get_by_role("button", name="Show what will be signed").click()


def sign(page):
    page.get_by_role("button", name=SIGN["label"]).click()


@pytest.mark.parametrize(
    ("scripts", "alg"), [((), "ed25519"), ((NO_ED25519,), "ecdsa-p256-sha256")]
)
def test_the_envelope_verifies_under_the_key_of_the_browser(
    stage, open_page, draft, scripts, alg
):
    url = stage.show("/ship", "sign.html", wish=WISH, sign=SIGN)
    page = open_page(url, init_scripts=scripts)
    key = make_key(page)

    fill_and_review(page)
    sign(page)

    expect(page.locator("[data-sign-receipt]")).to_contain_text("Recorded as")
    [sent] = stage.sent_to("/api/v1/statements")
    assert key.alg == alg
    assert verify_envelope(sent.body, key).payload == draft.payload


def test_the_wish_holds_what_the_form_says(stage, page):
    fill_and_review(page)

    expect(page.locator("[data-sign-words]")).to_have_text(WORDS)
    [sent] = stage.sent_to("/api/v1/drafts")
    assert sent.json == {
        "kind": "event",
        "step": "ship",
        "to": {"gln": "9529999000019"},
        "items": ["395215680000000000", "395215680000000017"],
    }


def test_the_panel_reads_its_facts_from_the_bytes(page, draft):
    fill_and_review(page)

    expect(page.locator("[data-sign-time]")).to_have_text(
        re.compile(r"^2026-11-21 09:30:00 UTC · 10:30 (CET|GMT\+1) local$")
    )
    expect(page.locator("[data-fact=units]")).to_have_text("480")
    expect(page.locator("[data-fact=id]")).to_have_text(draft.statement_id)
    expect(page.locator("[data-fact-bytes]")).to_have_text(draft.payload.decode())


def test_the_receipt_links_to_the_statement_and_can_be_kept(page, draft):
    make_key(page)
    fill_and_review(page)
    sign(page)

    link = page.locator("[data-sign-receipt] a.digest")
    expect(link).to_have_attribute("href", f"/ledger/statements/{draft.statement_id}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download receipt").click()
    assert download.value.path().read_text() == '{"payload":"a receipt"}'
    expect(page.get_by_role("link", name="Continue")).to_have_attribute(
        "href", "/shipments"
    )


def _other_id(draft):
    return {**draft.as_json(), "statement_id": draft_shipping().statement_id}


def _other_type(draft):
    return {**draft.as_json(), "payload_type": "application/json"}


def _payload(draft, payload):
    return {**draft.as_json(), "payload": base64.b64encode(payload).decode()}


def _name_twice(draft):
    return _payload(draft, draft.payload.replace(b'"body":{', b'"body":{},"body":{', 1))


def _other_partner(draft):
    return draft_shipping(by="9529999000019").as_json()


def _not_utf8(draft):
    return _payload(draft, b"\xff" + draft.payload)


@pytest.mark.parametrize(
    "forged", [_other_id, _other_type, _name_twice, _other_partner, _not_utf8]
)
def test_a_draft_whose_bytes_differ_from_its_description_is_not_signed(
    stage, page, draft, forged
):
    make_key(page)
    stage.answers["/api/v1/drafts"] = lambda sent: (200, forged(draft))

    fill_and_review(page)

    expect(page.get_by_role("alert")).to_contain_text("Nothing was signed")
    expect(page.get_by_role("button", name=SIGN["label"])).to_be_disabled()
    assert stage.sent_to("/api/v1/statements") == []


def test_a_refused_wish_says_got_and_wanted_and_loses_nothing(stage, page):
    stage.answers["/api/v1/drafts"] = lambda sent: problem(
        "bad_check_digit", 400, detail="The addressee's GLN is wrong.",
        field="to.gln", got="9529999000018", wanted="check digit 9",
    )  # fmt: skip

    fill_and_review(page)

    said = page.locator(".field", has=page.locator("#to")).get_by_role("alert")
    expect(said).to_contain_text("A digit is mistyped")
    expect(said).to_contain_text("9529999000018")
    expect(said).to_contain_text("check digit 9")
    assert page.input_value("#to") == "9529999000019"


def test_goods_that_moved_bring_a_fresh_sentence_to_sign(stage, page):
    key = make_key(page)
    fresh = draft_shipping(words="Stella ships 39 cases.", packs=468)
    answers = iter(
        [
            problem("subjects_differ", draft=fresh.as_json()),
            (201, accepted(fresh.statement_id)),
        ]
    )
    stage.answers["/api/v1/statements"] = lambda sent: next(answers)
    fill_and_review(page)
    sign(page)

    expect(page.get_by_role("alert")).to_contain_text("read it and sign again")
    expect(page.locator("[data-sign-words]")).to_have_text("Stella ships 39 cases.")
    sign(page)

    expect(page.locator("[data-sign-receipt]")).to_contain_text("Recorded as")
    _, second = stage.sent_to("/api/v1/statements")
    assert verify_envelope(second.body, key).payload == fresh.payload


def test_a_changed_field_takes_the_signature_button_away(page):
    fill_and_review(page)
    button = page.get_by_role("button", name=SIGN["label"])
    expect(button).to_be_enabled()

    page.fill("#to", "9521568000017")

    expect(button).to_be_disabled()


def test_without_a_key_the_page_says_where_to_make_one(stage, page):
    fill_and_review(page)
    sign(page)

    expect(page.get_by_role("alert")).to_contain_text("no key that signs for you")
    expect(page.get_by_role("link", name="Open “This device”")).to_be_visible()
    assert stage.sent_to("/api/v1/statements") == []


def test_an_address_that_is_not_secure_is_explained(stage, open_page):
    url = stage.show("/ship", "sign.html", wish=WISH, sign=SIGN)

    page = open_page(url.replace(stage.url, INSECURE))

    expect(page.get_by_role("alert")).to_contain_text("Open the site by https")


def test_a_silent_site_is_safe_to_ask_again(stage, page):
    make_key(page)
    fill_and_review(page)
    expect(page.locator("[data-sign-words]")).to_have_text(WORDS)
    page.context.set_offline(True)
    sign(page)
    expect(page.get_by_role("alert")).to_contain_text(
        "It is safe to press the button again"
    )
    page.context.set_offline(False)

    sign(page)

    expect(page.locator("[data-sign-receipt]")).to_contain_text("Recorded as")


def test_a_draft_at_an_address_is_shown_at_once_and_signed(stage, open_page, draft):
    stage.answers["/api/v1/uploads/7/statement"] = lambda sent: (200, draft.as_json())
    url = stage.show(
        "/uploads/7", "sign.html", sign=SIGN, auto=True, draft_url="/api/v1/uploads/7/statement"
    )  # fmt: skip
    page = open_page(url)
    key = make_key(page)

    sign(page)

    expect(page.locator("[data-sign-receipt]")).to_contain_text("Recorded as")
    [sent] = stage.sent_to("/api/v1/statements")
    assert verify_envelope(sent.body, key).payload == draft.payload
    assert stage.sent_to("/api/v1/drafts") == []


def test_javascript_writes_the_same_canonical_form_as_python(page):
    value = {
        "😀": 2,
        "\ue000": 1,
        "b": [1, '\u2028\x1d"\\/'],
        "a": {"z": None, "é": True},
        "1": -5,
    }

    written = page.evaluate(
        'async (v) => (await import("/static/js/dsse.js")).canonical(v)', value
    )

    assert written.encode() == canonical_bytes(value)
