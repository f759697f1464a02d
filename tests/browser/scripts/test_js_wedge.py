"""Hand scanners type: a burst is a scan wherever the focus is, a person is left alone."""

import pytest

pytestmark = pytest.mark.browser
GTIN = "0109521568251204"
SCAN = f"{GTIN}17280229" + "10A123" + "\x1d" + "21S1K7Q2MZ9P"
COLLECT = """
  globalThis.scans = [];
  document.addEventListener("scan", (event) => {
    globalThis.scans.push(event.detail.text);
    event.preventDefault();
  });
"""


@pytest.fixture
def page(stage, open_page):
    return open_page(stage.show("/parts", "frame.html"), init_scripts=[COLLECT])


def burst(page, group_separator, ending="Enter"):
    page.keyboard.type(f"{GTIN}1728022910A123", delay=2)
    group_separator(page)
    page.keyboard.type("21S1K7Q2MZ9P", delay=2)
    if ending:
        page.keyboard.press(ending)


def control_bracket(page):
    page.keyboard.press("Control+BracketRight")


def f8(page):
    page.keyboard.press("F8")


def alt_029(page):
    page.keyboard.down("Alt")
    for digit in ("Numpad0", "Numpad2", "Numpad9"):
        page.keyboard.press(digit)
    page.keyboard.up("Alt")


def scans(page):
    return page.evaluate("globalThis.scans")


@pytest.mark.parametrize("ending", ["Enter", "Tab"])
@pytest.mark.parametrize("group_separator", [control_bracket, f8, alt_029])
def test_a_burst_is_a_scan_with_its_group_separator(page, group_separator, ending):
    burst(page, group_separator, ending)

    assert scans(page) == [SCAN]


@pytest.mark.parametrize("field", ["#note", "#site-search", "#area"])
def test_a_scan_leaves_no_trace_in_the_field_that_has_the_focus(page, field):
    page.fill(field, "fragile")
    page.focus(field)

    burst(page, control_bracket)

    assert scans(page) == [SCAN]
    assert page.input_value(field) == "fragile"
    assert page.url.endswith("/parts")


def test_a_scan_ended_by_silence_counts_if_it_looks_like_a_code(page):
    burst(page, control_bracket, ending="")
    page.wait_for_timeout(300)

    assert scans(page) == [SCAN]


def test_a_person_who_types_is_left_alone(page):
    page.focus("#note")
    page.keyboard.type("Palette 7 steht schief", delay=70)
    page.keyboard.press("Tab")

    assert scans(page) == []
    assert page.input_value("#note") == "Palette 7 steht schief"


def test_five_quick_keys_are_not_a_scan(page):
    page.focus("#note")
    page.keyboard.type("12345", delay=2)
    page.keyboard.press("Tab")

    assert scans(page) == []
    assert page.input_value("#note") == "12345"


def test_a_burst_that_is_no_code_needs_its_enter(page):
    page.keyboard.type("abcdefghijklmnopqrst", delay=2)
    page.wait_for_timeout(300)

    assert scans(page) == []


def test_a_scan_that_no_page_takes_opens_the_scan_page(stage, open_page):
    page = open_page(stage.show("/parts", "frame.html"))

    burst(page, control_bracket)
    page.wait_for_url("**/scan?code=*")

    assert page.url.endswith(
        "/scan?code=010952156825120417280229" + "10A123%1D21S1K7Q2MZ9P"
    )


def test_somebody_who_is_not_signed_in_types_undisturbed(stage, open_page):
    page = open_page(stage.show("/parts", "frame.html", user=0), init_scripts=[COLLECT])
    page.focus("#note")

    page.keyboard.type(f"{GTIN}1728022910A123", delay=2)
    page.keyboard.press("Tab")

    assert scans(page) == []
    assert page.input_value("#note") == f"{GTIN}1728022910A123"


def test_a_burst_triggers_no_shortcut(page):
    page.keyboard.type("s?/s?/s?/", delay=2)
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)

    assert page.url.endswith("/parts")
    assert not page.locator("#shortcuts").is_visible()


@pytest.mark.parametrize(
    ("key", "shown"), [("?", "dialog#shortcuts[open]"), ("/", "#site-search:focus")]
)
def test_one_key_alone_is_a_shortcut(page, key, shown):
    page.keyboard.press(key)

    page.locator(shown).wait_for()


def test_a_question_mark_in_a_note_opens_nothing(page):
    page.focus("#note")
    page.keyboard.press("?")
    page.wait_for_timeout(300)

    assert page.input_value("#note") == "?"
    assert not page.locator("#shortcuts").is_visible()
