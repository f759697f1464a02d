"""Receiving: expected, scanned, and the difference said in numbers and words."""

import pytest
from playwright.sync_api import expect

from tests.browser.scripts.sayings import draft_shipping

pytestmark = pytest.mark.browser
SIGN = {"label": "Sign what I received", "meaning": "I received these goods"}
WISH = {"kind": "event", "step": "receive", "shipment": "ab" * 32}
CASE, OTHER_CASE = "395215680000000017", "395215680000000024"
PALLET_CODE = "395215680000000048"
PACK = "010952156825120417280229" + "10B7\x1d" + "21S1"
RECEIVE = {
    "lines": [
        {"label": "Amoxil", "n": 48, "sscc": CASE},
        {"label": "Amoxil", "n": 48, "sscc": OTHER_CASE},
        {"label": "Ibuprofen", "n": 3, "gtin": "09521568251204", "lot": "B7"},
    ]
}


@pytest.fixture
def page(stage, open_page):
    stage.answers["/api/v1/drafts"] = lambda sent: (200, draft_shipping().as_json())
    return open_page(
        stage.show("/receive", "receive.html", receive=RECEIVE, sign=SIGN, wish=WISH)
    )


def scan(page, text):
    page.evaluate(
        """(text) => document.dispatchEvent(
             new CustomEvent("scan", { detail: { text }, cancelable: true }))""",
        text,
    )


def numbers(page):
    names = ("expected", "came", "missing", "wrong")
    return [
        int(page.locator(f"dd[data-receive-{name}]").inner_text()) for name in names
    ]


def wish(page, stage):
    page.get_by_role("button", name="Show what will be signed").click()
    page.get_by_text("Stella Pharmacy ships").wait_for()
    return stage.sent_to("/api/v1/drafts")[-1].json


def test_nothing_can_be_signed_before_something_came(page, stage):
    assert numbers(page) == [99, 0, 99, 0]
    expect(page.get_by_role("button", name="Show what will be signed")).to_be_disabled()


def test_a_scan_that_comes_before_the_script_is_not_lost(page):
    held, address = [], page.url

    def hold(route):
        held.append(route)

    page.route("**/receive.js*", hold)
    page.reload(wait_until="commit")

    page.locator("#receive-typed").fill(f"00{CASE}")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)  # a page that were sent away would be another by now
    for route in held:
        route.continue_()

    expect(page.locator("dd[data-receive-came]")).to_have_text("48")
    assert page.url == address
    assert page.locator("#receive-typed").input_value() == ""


@pytest.mark.parametrize(
    "text",
    [CASE, f"00{CASE}", f"]C100{CASE}", f"(00){CASE}"],
    ids=["bare", "00", "aim", "hri"],
)
def test_a_scanned_case_ticks_its_line(page, text):
    scan(page, text)

    assert numbers(page) == [99, 48, 51, 0]
    expect(page.locator(f"[data-sscc='{CASE}']")).to_contain_text("come")
    expect(page.get_by_text("Partial:")).to_be_visible()


@pytest.mark.parametrize(
    "text",
    [PACK, "]d2" + PACK, "https://id.example/01/09521568251204/10/B7/21/S1", "(01)09521568251204(10)B7(21)S1"],
    ids=["elements", "aim", "link", "hri"],
)  # fmt: skip
def test_a_scanned_pack_counts_into_the_line_of_its_lot(page, text):
    scan(page, text)

    assert numbers(page) == [99, 1, 98, 0]
    expect(page.locator("[data-lot=B7]")).to_contain_text("1 / 3")


def test_a_pack_scanned_twice_counts_once_and_says_so(page):
    scan(page, PACK)
    scan(page, "]d2" + PACK)

    assert numbers(page) == [99, 1, 98, 0]
    expect(page.locator("[data-receive-scanned]")).to_contain_text("scanned again (2)")


def test_a_code_that_is_not_on_the_despatch_stands_out_and_is_not_received(page, stage):
    scan(page, CASE)
    scan(page, "395215680000000031")

    assert numbers(page) == [99, 48, 51, 1]
    expect(page.get_by_text("set them aside")).to_be_visible()
    assert wish(page, stage) == {**WISH, "items": [CASE]}


def test_what_cannot_be_read_is_not_called_foreign(page):
    scan(page, "garbage")

    expect(page.locator("[data-receive-scanned]")).to_contain_text("cannot be read")
    assert numbers(page) == [99, 0, 99, 0]
    expect(page.get_by_text("set them aside")).to_be_hidden()


def test_a_part_that_came_is_said_beside_what_does_not_belong(page):
    scan(page, CASE)
    scan(page, "395215680000000031")

    expect(page.get_by_text("set them aside")).to_be_visible()
    expect(page.get_by_text("Partial:")).to_be_visible()


def test_one_wrong_scan_can_be_removed(page, stage):
    scan(page, CASE)
    scan(page, "395215680000000031")
    page.get_by_role("button", name="Remove 395215680000000031").click()

    assert numbers(page) == [99, 48, 51, 0]
    expect(page.get_by_text("set them aside")).to_be_hidden()
    expect(page.locator("[data-receive-typed]")).to_be_focused()
    assert wish(page, stage) == {**WISH, "items": [CASE]}


def test_the_field_waits_for_the_scanner_from_the_start(page):
    expect(page.locator("[data-receive-typed]")).to_be_focused()
    assert page.evaluate("scrollY") == 0


def test_what_was_scanned_outlives_a_reload(page, stage):
    scan(page, CASE)
    scan(page, PACK)
    scan(page, PACK)

    page.reload()

    assert numbers(page) == [99, 49, 50, 0]
    expect(page.locator("[data-receive-scanned]")).to_contain_text("scanned again (2)")
    assert wish(page, stage) == {**WISH, "items": [CASE, PACK]}


def test_what_was_accepted_as_listed_outlives_a_reload(page):
    page.get_by_role("button", name="Accept all as listed").click()

    page.reload()

    assert numbers(page) == [99, 99, 0, 0]
    expect(page.get_by_text("Accepted as listed, without scanning.")).to_be_visible()


def test_what_was_signed_is_not_offered_again(page):
    scan(page, CASE)
    page.locator("form[data-receive]").evaluate(
        "form => form.dispatchEvent(new CustomEvent('signed'))"
    )

    page.reload()

    assert numbers(page) == [99, 0, 99, 0]


@pytest.mark.parametrize(("answer", "came"), [("accept", 0), ("dismiss", 49)])
def test_starting_again_asks_first(page, answer, came):
    scan(page, CASE)
    scan(page, PACK)
    page.on("dialog", lambda dialog: getattr(dialog, answer)())

    page.get_by_role("button", name="Start again").click()

    assert numbers(page)[1] == came


def test_a_code_may_be_typed_in_groups(page):
    page.get_by_label("Scan, or type a code").fill("3 9521568 000000001 7")
    page.keyboard.press("Enter")

    assert numbers(page) == [99, 48, 51, 0]


def test_what_was_scanned_becomes_the_wish(page, stage):
    scan(page, CASE)
    scan(page, PACK)

    assert wish(page, stage) == {**WISH, "items": [CASE, PACK]}


def test_accepting_all_says_so_and_wishes_for_everything(page, stage):
    page.get_by_role("button", name="Accept all as listed").click()

    assert numbers(page) == [99, 99, 0, 0]
    expect(page.get_by_text("Everything came")).to_be_visible()
    assert wish(page, stage) == {**WISH, "items": []}


def test_starting_again_forgets_the_scans(page):
    scan(page, CASE)
    page.get_by_role("button", name="Start again").click()

    assert numbers(page) == [99, 0, 99, 0]


def test_a_typed_code_counts_as_a_scan(page):
    page.get_by_label("Scan, or type a code").fill(CASE)
    page.keyboard.press("Enter")

    assert numbers(page) == [99, 48, 51, 0]
    assert page.input_value("[data-receive-typed]") == ""


PALLET = {
    "lines": [
        {"label": "Amoxil", "n": 96, "sscc": PALLET_CODE, "key": PALLET_CODE},
        {"label": "A1", "n": 48, "sscc": CASE, "key": CASE, "inside": PALLET_CODE},
        {"label": "A1", "n": 48, "sscc": OTHER_CASE, "key": OTHER_CASE,
         "inside": PALLET_CODE},
    ]
}  # fmt: skip


@pytest.fixture
def pallet(stage, open_page):
    stage.answers["/api/v1/drafts"] = lambda sent: (200, draft_shipping().as_json())
    return open_page(
        stage.show("/receive", "receive.html", receive=PALLET, sign=SIGN, wish=WISH)
    )


def test_a_pallet_counts_once_and_brings_its_cases(pallet, stage):
    assert numbers(pallet) == [96, 0, 96, 0]
    scan(pallet, CASE)
    assert numbers(pallet) == [96, 48, 48, 0]

    scan(pallet, PALLET_CODE)

    assert numbers(pallet) == [96, 96, 0, 0]
    expect(pallet.locator(f"[data-sscc='{OTHER_CASE}']")).to_contain_text("come")
    assert wish(pallet, stage) == {**WISH, "items": [PALLET_CODE]}


def test_a_case_alone_leaves_its_pallet_in_part(pallet, stage):
    scan(pallet, OTHER_CASE)

    expect(pallet.locator(f"[data-sscc='{PALLET_CODE}']")).to_contain_text("48 / 96")
    assert wish(pallet, stage) == {**WISH, "items": [OTHER_CASE]}
