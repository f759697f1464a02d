"""The frame and the shared parts: accessible, narrow, light, readable without script."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django import forms
from playwright.sync_api import expect

from tests.browser.scripts.stage import FRAME
from tests.browser.scripts.test_js_keys import DEVICE
from tests.browser.scripts.test_js_receive import RECEIVE
from tests.browser.scripts.test_js_sign import SIGN, WISH

AT = datetime(2026, 5, 3, 10, 42, 7, tzinfo=UTC)
PAGE_LIMIT_BYTES = 150_000
LINK = {
    "icon": "ship",
    "party": "Transpharm",
    "what": "shipped case 3 of 40",
    "at": AT,
    "by": "Ben Sommer",
    "meaning": "I ship these goods",
    "url": "/ledger/statements/1",
    "is_inferred": True,
}
BAND = {
    "word": "Hold",
    "reason": "Recalled on 3 May: class II, wrong leaflet.",
    "product": "Amoxil 500 mg · 24 capsules",
    "lot": "A123",
    "expiry": "2028-02",
    "serial": "S1K7Q2MZ9PLD",
}


class RowForm(forms.Form):
    gtin = forms.CharField(help_text="14 digits, as on the pack")
    kind = forms.ChoiceField(choices=[("csv", "CSV")])
    is_one_lot = forms.BooleanField(label="All rows are of one lot")


def parts():
    """A value for every shared part."""
    cell = {"text": "1,284", "label": "Packs", "is_number": True}
    return {
        "at": AT,
        "band": {**BAND, "state": "stop"},
        "links": [LINK, {**LINK, "is_you": True}],
        "table": {
            "caption": "Stock",
            "columns": [{"label": "Packs", "is_number": True}],
            "rows": [{"cells": [cell], "state": "think"}],
        },
        "pager": {"first": 1, "last": 50, "total": 1284, "next_url": "?p=2"},
        "bar": {
            "title": "Where 100 packs are: 60 at the maker, 40 in transit",
            "segments": [
                {"label": "at maker", "n": 60, "fill": 1, "x": 0, "width": 600},
                {"label": "in transit", "n": 40, "fill": 2, "x": 600, "width": 400},
            ],
        },
        "progress": {
            "url": "/progress",
            "label": "Checking serials.csv",
            "done": 6200,
            "total": 10000,
            "checks": [{"state": "go", "text": "4 columns"}],
            "is_finished": True,
        },
        "errors": [{"line": 17, "column": "gtin", "message": "Wrong", "got": "1", "wanted": "14 digits", "row": "1,A"}],
        "total": 1,
        "form": RowForm({"gtin": ""}),
        "error": {"message": "Wrong check digit", "got": "1", "wanted": "9"},
    }  # fmt: skip


REQUEST = {"person": "Ben Sommer", "label": "Counter 2", "keyid": "ab" * 32, "at": AT}
PAGES = {
    "parts": ("parts.html", parts()),
    "sign": ("sign.html", {"wish": WISH, "sign": SIGN}),
    "receive": ("receive.html", {"wish": WISH, "sign": SIGN, "receive": RECEIVE}),
    "scan": ("scan.html", {"scanner": {"action": "/scan", "target": ""}}),
    "device": ("device.html", {"device": DEVICE, "requests": []}),
    "login": ("account/login.html", {"user": 0, "form": RowForm()}),
    "problem": ("edge/problem.html", {"problem": {"title": "Not found", "detail": "There is nothing here.", "status": 404}}),
    "failure": ("edge/failure.html", {"problem": {"title": "Our fault", "detail": "Nothing was written.", "status": 500}}),
}  # fmt: skip


@pytest.fixture(params=PAGES)
def page(request, stage, open_page):
    template, context = PAGES[request.param]
    return open_page(stage.show(f"/{request.param}", template, **context))


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_and_nothing_overflows(page, assert_accessible, width):
    page.set_viewport_size({"width": width, "height": 844})

    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("state", ["go", "stop", "think", "past"])
def test_every_verdict_is_accessible_in_light_and_dark(
    stage, open_page, assert_accessible, state
):
    context = {**parts(), "band": {**BAND, "state": state}}

    assert_accessible(open_page(stage.show("/parts", "parts.html", **context)))


@pytest.mark.parametrize("name", [name for name in PAGES if name != "scan"])
def test_a_page_stays_below_150_kb(stage, open_page, name):
    template, context = PAGES[name]
    page = open_page("about:blank")
    sizes = []
    page.on("response", lambda response: sizes.append(len(response.body())))

    page.goto(stage.show(f"/{name}", template, **context))
    page.wait_for_load_state("networkidle")

    assert 1_000 < sum(sizes) < PAGE_LIMIT_BYTES


def test_the_scan_page_stays_below_150_kb_before_the_decoder(stage, open_page):
    page = open_page("about:blank")
    sizes = {}
    page.on(
        "response", lambda response: sizes.update({response.url: len(response.body())})
    )

    page.goto(stage.show("/scan", *PAGES["scan"][:1], **PAGES["scan"][1]))
    page.wait_for_load_state("networkidle")

    own = [size for url, size in sizes.items() if "/vendor/" not in url]
    assert sum(own) < PAGE_LIMIT_BYTES


def test_a_page_reads_without_script(chromium, stage):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    page.goto(stage.show("/parts", "parts.html", **parts()))

    expect(page.get_by_role("heading", level=1)).to_contain_text("Hold")
    expect(page.get_by_role("link", name="signed statement").first).to_be_visible()
    expect(page.get_by_text("2 of 2 witnesses")).to_be_visible()
    context.close()


def test_a_grouped_code_is_copied_bare(stage, open_page):
    page = open_page(stage.show("/parts", "parts.html", **parts()))

    code = page.locator("code.code", has_text="S1K7").first

    assert code.inner_text() == "S1K7Q2MZ9PLD"
    assert code.locator(".g").count() == 3


def test_local_time_stands_beside_utc(stage, open_page):
    page = open_page(stage.show("/parts", "parts.html", **parts()))

    moment = page.locator("time").first

    expect(moment).to_contain_text("2026-05-03 10:42 UTC (12:42")
    expect(moment).to_have_attribute("datetime", "2026-05-03T10:42:07Z")


def test_printing_leaves_the_facts_and_drops_the_frame(stage, open_page):
    page = open_page(stage.show("/parts", "parts.html", **parts()))
    page.emulate_media(media="print")

    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.locator(".site-search")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Stella Pharmacy").first).to_be_visible()


@pytest.mark.parametrize("state", ["go", "stop", "think", "past"])
def test_a_printed_verdict_is_black_on_white(stage, open_page, state):
    context = {**parts(), "band": {**BAND, "state": state}}
    page = open_page(stage.show("/parts", "parts.html", **context))
    page.emulate_media(media="print")

    band = page.locator(".band")
    expect(band).to_have_css("color", "rgb(0, 0, 0)")
    expect(band).to_have_css("background-color", "rgba(0, 0, 0, 0)")


def test_a_sheet_says_when_not_how_long_ago(stage, open_page):
    page = open_page(stage.show("/parts", "parts.html", **parts()))
    expect(page.get_by_text("last checkpoint 4 s ago")).to_be_visible()

    page.emulate_media(media="print")

    expect(page.get_by_text("4 s ago")).to_be_hidden()
    expect(page.get_by_text("last checkpoint 2026-11-21 09:29:56 UTC")).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(
        page.get_by_text(re.compile(r"Page printed 20\d\d-\d\d-\d\d"))
    ).to_be_visible()


def test_the_keyboard_skips_to_the_content(stage, open_page):
    page = open_page(stage.show("/parts", "parts.html", **parts()))

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_on_a_small_screen_the_current_word_of_the_navigation_is_in_sight(
    stage, open_page, monkeypatch
):
    words = ("Query", "Recalls", "Alerts", "Partners", "Proposals", "Ledger")
    nav = [
        SimpleNamespace(label=word, url=f"/{word}", current=word == "Ledger")
        for word in words
    ]
    monkeypatch.setattr(FRAME, "nav", nav)
    page = open_page("about:blank")
    page.set_viewport_size({"width": 320, "height": 700})

    page.goto(stage.show("/parts", "parts.html", **parts()))

    link = page.get_by_role("link", name="Ledger", exact=True)
    expect(link).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0
