"""Hand scanners type: a burst is a scan wherever the focus is, a person is left alone."""

import pytest

pytestmark = pytest.mark.browser
ALT, CONTROL = 1, 2  # bits of the protocol that drives the browser
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
def open_still(open_page):
    """Opens pages whose clock stands still but for `run_for`: no machine is too busy."""

    def open_still(url, **options):
        page = open_page(url, **options)
        page.clock.install(time=0)
        page.clock.pause_at(10_000)
        return page

    return open_still


@pytest.fixture
def page(stage, open_still):
    return open_still(stage.show("/parts", "frame.html"), init_scripts=[COLLECT])


class Keys:
    """Key presses, so many milliseconds of the page's clock after each other."""

    def __init__(self, page, pause_ms):
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.pause_ms = pause_ms

    def send(self, kind, key, code="", text="", modifiers=0):
        self.page.clock.run_for(self.pause_ms)
        self.session.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": key, "code": code, "text": text,
             "modifiers": modifiers},
        )  # fmt: skip

    def press(self, key, code="", text="", modifiers=0):
        self.send("keyDown", key, code, text, modifiers)
        self.send("keyUp", key, code, "", modifiers)

    def type(self, text):
        for char in text:
            self.press(char, text=char)


def burst(page, group_separator, ending="Enter"):
    keys = Keys(page, 1)
    keys.type(f"{GTIN}1728022910A123")
    group_separator(keys)
    keys.type("21S1K7Q2MZ9P")
    if ending:
        keys.press(ending, text="\r" if ending == "Enter" else "")


def control_bracket(keys):
    keys.press("]", "BracketRight", modifiers=CONTROL)


def f8(keys):
    keys.press("F8", "F8")


def alt_029(keys):
    keys.send("keyDown", "Alt", "AltLeft", modifiers=ALT)
    for digit in "029":
        keys.press(digit, f"Numpad{digit}", modifiers=ALT)
    keys.send("keyUp", "Alt", "AltLeft")


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
    page.clock.run_for(800)

    assert scans(page) == [SCAN]


def test_a_person_who_types_is_left_alone(page):
    page.focus("#note")
    keys = Keys(page, 40)  # 80 ms from key to key: a fast typist
    keys.type("Palette 7 steht schief")
    keys.press("Tab")

    assert scans(page) == []
    assert page.input_value("#note") == "Palette 7 steht schief"


def test_five_quick_keys_are_not_a_scan(page):
    page.focus("#note")
    keys = Keys(page, 1)
    keys.type("12345")
    keys.press("Tab")

    assert scans(page) == []
    assert page.input_value("#note") == "12345"


def test_a_burst_that_is_no_code_needs_its_enter(page):
    Keys(page, 1).type("abcdefghijklmnopqrst")
    page.clock.run_for(800)

    assert scans(page) == []


def test_a_scan_that_no_page_takes_opens_the_scan_page(stage, open_still):
    page = open_still(stage.show("/parts", "frame.html"))

    burst(page, control_bracket)
    page.wait_for_url("**/scan?code=*")

    assert page.url.endswith(
        "/scan?code=010952156825120417280229" + "10A123%1D21S1K7Q2MZ9P"
    )


def test_somebody_who_is_not_signed_in_types_undisturbed(stage, open_still):
    url = stage.show("/parts", "frame.html", user=0)
    page = open_still(url, init_scripts=[COLLECT])
    page.focus("#note")

    keys = Keys(page, 1)
    keys.type(f"{GTIN}1728022910A123")
    keys.press("Tab")

    assert scans(page) == []
    assert page.input_value("#note") == f"{GTIN}1728022910A123"


def test_a_burst_triggers_no_shortcut(page):
    keys = Keys(page, 1)
    keys.type("s?/s?/s?/")
    keys.press("Enter", text="\r")
    page.clock.run_for(300)

    assert scans(page) == ["s?/s?/s?/"]

    assert page.url.endswith("/parts")
    assert not page.locator("#shortcuts").is_visible()


@pytest.mark.parametrize(
    ("key", "shown"), [("?", "dialog#shortcuts[open]"), ("/", "#site-search:focus")]
)
def test_one_key_alone_is_a_shortcut(page, key, shown):
    page.keyboard.press(key)
    page.clock.run_for(300)

    page.locator(shown).wait_for()


def test_a_question_mark_in_a_note_opens_nothing(page):
    page.focus("#note")
    page.keyboard.press("?")
    page.clock.run_for(300)

    assert page.input_value("#note") == "?"
    assert not page.locator("#shortcuts").is_visible()
