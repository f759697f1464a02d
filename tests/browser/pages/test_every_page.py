"""Every page, as everybody who may see it, at two widths: what a careful eye checks.

One h1 and a title, nothing that axe complains of, no word in the console, no page wider
than its window, light enough for a poor line, and a main action that Tab reaches.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser.pages.demo import ROLES, Demo
from tests.browser.pages.places import never_opened, places
from tests.browser.weight import COUNT_BYTES, MOST_BYTES

pytestmark = pytest.mark.timeout(1200)  # a test opens up to seventy pages
WIDTHS = (1280, 390)
_MOST_TABS = 80
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
_RUN_AXE = """async (rules) => (await axe.run(document, {
  runOnly: rules, resultTypes: ["violations"], elementRef: false,
})).violations.map((v) =>
  `${v.id} at ${v.nodes[0].target}: ${v.nodes[0].failureSummary}`)"""
_LOOK = f"""() => ({{
  headings: document.querySelectorAll("h1").length,
  title: document.title,
  wide: Math.ceil(document.documentElement.scrollWidth) - window.innerWidth,
  bytes: {COUNT_BYTES},
}})"""
# What axe judges, as a text for the frame and one for what it holds: elements and their
# attributes, runs of equal neighbours once; not words (but whether there are any),
# addresses and data, on which no rule of axe's and none of our style sheets looks.
_SKELETONS = """() => {
  const UNSEEN = /^(data-|hx-|(href|src|action|value|content|title|datetime)$)/;
  const attribute = ({ name, value }) => UNSEEN.test(name) ? name : `${name}=${value}`;
  const content = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? "…" : "";
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    return node.localName === "main" ? "<main>" : element(node);
  };
  const element = (node) => {
    const inside = [...node.childNodes].map(content).filter(Boolean);
    const told = inside.filter((each, number) => each !== inside[number - 1]);
    const attributes = [...node.attributes].map(attribute).sort();
    return `<${[node.localName, ...attributes].join(" ")}>${told.join("")}</>`;
  };
  return [document.documentElement, ...document.querySelectorAll("main")].map(element);
}"""
# An A4 sheet between its margins, at 96 dots an inch.
PAPER = 672
_PAPER = """() => {
  const seen = (selector) => [...document.querySelectorAll(selector)]
    .some((each) => each.checkVisibility());
  const ink = getComputedStyle(document.body).color;
  return {
    "no heading": !seen("h1"),
    "navigation": seen(".site-nav, .site-search"),
    "buttons": seen("main .actions button, main .actions .button"),
    "pale ink": ink !== "rgb(0, 0, 0)",
    "wider than the sheet":
      document.documentElement.scrollWidth > window.innerWidth,
  };
}"""
# The main action: what is filled in the accent's colour, and can be used now.
_MAIN = """() => [...document.querySelectorAll(
    "main button:not(.plain), main .button:not(.plain), main input[type=submit]")]
  .some((each) => !each.disabled && each.checkVisibility())"""
_IS_MAIN = """() => document.activeElement.matches(
    "main button:not(.plain), main .button:not(.plain), main input[type=submit]")"""


@pytest.fixture
def open_as(chromium: Browser, site: str, demo: Demo) -> Iterator[Any]:
    """`open_as(role)`: a fresh profile in which that role is logged in."""
    opened: list[BrowserContext] = []

    def open_as(role: str) -> Visitor:
        context = chromium.new_context(
            base_url=site, locale="en-GB", timezone_id="Europe/Vienna"
        )
        if role in demo.sessions:
            cookie = {"name": "sessionid", "value": demo.sessions[role], "url": site}
            context.add_cookies([cookie])
        opened.append(context)
        return Visitor(context.new_page())

    yield open_as
    for context in opened:
        context.close()


class Visitor:
    """A page in Chromium, and what it complained of since it was last asked."""

    # Frames and contents that somebody has put to axe, and paths in their narrow form:
    # others need not again.
    judged: ClassVar[set[str]] = set()
    judged_narrow: ClassVar[set[str]] = set()

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.widths = WIDTHS
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _note(self, message: Any) -> None:
        # The answer to a misspelt question is a 4xx, which is no fault of the page.
        if message.type == "error" and "status of 4" not in message.text:
            self.said.append(message.text)

    def faults_of(self, path: str) -> list[str]:
        """Everything that is wrong with one page."""
        self.said.clear()
        page = self.page
        answer = page.goto(path, wait_until="load")
        faults = [] if answer and answer.status < 500 else ["a failure of ours"]
        is_new = self._is_new()
        for width in self.widths:
            self._widen(width)
            faults += [f"{width}: {fault}" for fault in self._looks()]
            if is_new and (width == WIDTHS[0] or path not in self.judged_narrow):
                faults += [f"{width}: {fault}" for fault in self._judge()]
        # The next page opens at the width that this one was left at.
        self.widths = self.widths[::-1]
        if is_new:
            self.judged_narrow.add(path)
        return [f"{path}: {fault}" for fault in [*faults, *self.said]]

    def _widen(self, width: int) -> None:
        size = ViewportSize(width=width, height=800)
        if self.page.viewport_size != size:
            self.page.set_viewport_size(size)

    def _is_new(self) -> bool:
        """Whether nobody has put this frame, or what it holds, to axe."""
        skeletons = set(self.page.evaluate(_SKELETONS))
        is_new = not skeletons <= self.judged
        self.judged.update(skeletons)
        return is_new

    def _judge(self) -> list[str]:
        """What axe finds."""
        if not self.page.evaluate("'axe' in globalThis"):
            self.page.evaluate(_AXE)
        found: list[str] = self.page.evaluate(_RUN_AXE, _RULES)
        return found

    def _looks(self) -> list[str]:
        seen = self.page.evaluate(_LOOK)
        faults = []
        if seen["headings"] != 1:
            faults.append(f"{seen['headings']} h1")
        if len(seen["title"]) < len("x · PharmaTrace"):
            faults.append(f"title {seen['title']!r}")
        if seen["wide"] > 0:
            faults.append(f"{seen['wide']} px wider than the window")
        if seen["bytes"] > MOST_BYTES:
            faults.append(f"{seen['bytes']} bytes")
        return faults

    def faults_elsewhere(self, path: str) -> list[str]:
        """What is wrong with one page in the dark, on paper and by keyboard alone."""
        page = self.page
        page.emulate_media(media="screen", color_scheme="dark")
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        page.goto(path, wait_until="load")
        faults = [] if self.reaches_main_action() else ["Tab misses the main action"]
        faults += [f"dark: {fault}" for fault in self._judge()]
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size({"width": PAPER, "height": 1000})
        paper = page.evaluate(_PAPER)
        faults += [f"on paper: {what}" for what, is_so in paper.items() if is_so]
        return faults

    def reaches_main_action(self) -> bool:
        """Whether Tab alone leads from the top to what the page is for."""
        if not self.page.evaluate(_MAIN):
            return True
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(_IS_MAIN):
                return True
        return False


def test_no_page_goes_unseen() -> None:
    assert never_opened() == set(), "pages that nobody looks at"


@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_sound(role: str, open_as: Any, demo: Demo) -> None:
    visitor = open_as(role)

    faults = [fault for path in places(role, demo) for fault in visitor.faults_of(path)]

    assert not faults, "\n".join(faults)


# One page of each kind: a verdict, lists, forms to sign, a console, a proof.
CHOSEN = {
    "shop": (
        "/",
        "/scan?code={code}",
        "/scan?code={recalled_code}",
        "/scan/proof?code={code}",
        "/receive/{to_shop}",
    ),
    "maker": (
        "/uploads/{upload}",
        "/batches/{gtin}/{lot}",
        "/recalls/new",
        "/recalls/{recall}",
        "/ledger/statements/{statement}",
    ),
    "regulator": ("/query?gtin={gtin}&lot={lot}", "/partners"),
    "stranger": ("/01/{gtin}/10/{lot}/21/{serial}", "/ledger", "/accounts/login/"),
}


@pytest.mark.parametrize("role", CHOSEN)
def test_pages_hold_in_the_dark_on_paper_and_by_keyboard(
    role: str, open_as: Any, demo: Demo
) -> None:
    visitor = open_as(role)

    faults = [
        f"{text}: {fault}"
        for text in CHOSEN[role]
        for fault in visitor.faults_elsewhere(text.format(**demo.ids))
    ]

    assert not faults, "\n".join(faults)
