"""The pictures of the README: `python -m tests.browser.pictures` makes them anew.

Starts the whole site on a free port with a demo network of its own, walks the tour's
pages in Chromium and writes docs/pictures. Nothing of the running site is touched.
"""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from pharmatrace.demo.cast import (
    CARDIOL,
    LINDE,
    NOVAMED,
    PASSWORD,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Person,
)
from pharmatrace.demo.goods import BY_NUMBER, RECALLED
from tests.browser.authenticators import Authenticator
from tests.browser.conftest import _use_a_node_that_runs, find_chromium

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs/pictures"
SAMPLES = ROOT / "docs/samples"
MOST_BYTES = 150_000
_WIDE = {"width": 1200, "height": 800}
_NARROW = {"width": 390, "height": 844}
_START_SECONDS = 120


@contextmanager
def running_site() -> Iterator[str]:
    """The address of a fresh site with the demo network; ended and removed after."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    address = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env={**kept, "VAR_DIR": f"{folder}/var", "SITE_URL": address, "DEMO": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(f"{address}/health")
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


class Visitor:
    """One person's browser profile, logged in and with a key of its own.

    Args:
        person: somebody of the demo; None looks as a stranger.
    """

    def __init__(
        self, browser: Browser, address: str, person: Person | None = None
    ) -> None:
        context = browser.new_context(
            base_url=address,
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
            viewport=_WIDE if person else _NARROW,
        )
        context.set_default_timeout(20_000)
        self.page: Page = context.new_page()
        if person:
            self._log_in(person)

    def _log_in(self, person: Person) -> None:
        self.page.goto("/accounts/login/")
        self.page.fill("input[name=login]", person.username)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(re.compile(r"(?<!/accounts/login)/$"))

    def make_key(self) -> None:
        """A key in this browser; the demo confirms it at once."""
        self.page.goto("/device")
        self.page.fill("input[name=label]", "Tour")
        self.page.get_by_role("button", name=re.compile("Make a key")).click()
        self.page.get_by_text("The request was sent").wait_for()

    def review(self) -> None:
        """Wait for the sentence to be signed; ask for it where one must."""
        ask = self.page.locator("[data-sign-review]")
        if ask.is_visible():
            ask.click()
        self.page.locator("[data-sign-go]:enabled").wait_for()

    def sign(self) -> None:
        """Sign what the page shows, and wait for the receipt."""
        self.review()
        self.page.locator("[data-sign-go]").click()
        self.page.get_by_text("Recorded as").wait_for()

    def picture(self, name: str, *, is_whole: bool = False) -> None:
        """Write docs/pictures/<name>.png.

        Raises:
            ValueError: it is too large for a README.
        """
        self.page.wait_for_load_state("networkidle")
        content = _few_colours(self.page.screenshot(full_page=is_whole, caret="hide"))
        if len(content) > MOST_BYTES:
            raise ValueError(f"{name}: {len(content)} bytes, at most {MOST_BYTES}")
        (PICTURES / f"{name}.png").write_bytes(content)


def _few_colours(png: bytes) -> bytes:
    """The same picture with a palette that keeps rare colours: they say the state."""
    out = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    small = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def counter(browser: Browser, address: str) -> None:
    """Stella's first page, a pack to dispense, a recalled one."""
    stella = Visitor(browser, address, STELLA.admin)
    stella.page.goto("/")
    stella.picture("home")
    stella.make_key()
    for name, pack in (("dispense", BY_NUMBER["C201"]), ("hold", RECALLED)):
        stella.page.goto(f"/scan?code={pack.pack(10)}")
        stella.page.locator("#verdict-word").wait_for()
        if name == "dispense":
            stella.review()
        stella.picture(name)


def maker(browser: Browser, address: str) -> None:
    """Nora's upload with faults, then a lot from the file to the despatch."""
    nora = Visitor(browser, address, NOVAMED.admin)
    nora.make_key()
    _upload(nora, "serials-with-faults.csv")
    nora.page.get_by_role("heading", name="Mend these lines").wait_for()
    nora.picture("upload", is_whole=True)
    _upload(nora, "serials.csv")
    nora.sign()
    nora.page.goto("/pack")
    row = nora.page.get_by_role("row", name=re.compile("C300"))
    row.get_by_role("link", name=re.compile("Pack")).click()
    nora.page.get_by_role("button", name="Show the plan").click()
    nora.sign()
    nora.page.goto("/ship?q=C300")
    for row in nora.page.get_by_role("row", name=re.compile("C300")).all():
        row.get_by_role("checkbox").check()
    to = f"{TRANSPHARM.name} · {TRANSPHARM.sites[0].name}"
    nora.page.get_by_label("Addressee and site").select_option(label=to)
    nora.review()
    nora.page.locator("[data-sign-panel]").scroll_into_view_if_needed()
    nora.picture("ship", is_whole=True)
    nora.sign()


def _upload(nora: Visitor, name: str) -> None:
    page = nora.page
    page.goto("/uploads/new")
    product = f"{CARDIOL.name} {CARDIOL.strength} · {CARDIOL.gtin}"
    page.get_by_label("Product", exact=True).select_option(label=product)
    page.get_by_label("Lot", exact=True).fill("C300")
    page.get_by_label("Expiry date").fill("2029-06-30")
    page.set_input_files("input[type=file]", SAMPLES / name)
    page.get_by_role("button", name="Upload and check").click()


def gate(browser: Browser, address: str) -> None:
    """Tom receives one of two cases."""
    tom = Visitor(browser, address, TRANSPHARM.admin)
    tom.make_key()
    tom.page.goto("/receive")
    row = tom.page.get_by_role("row", name=re.compile("C300"))
    row.get_by_role("link", name=re.compile("Receive")).click()
    case = tom.page.locator("[data-receive] .code").first
    digits = re.sub(r"\D", "", case.inner_text())
    tom.page.get_by_label("Scan, or type a code").fill(f"00{digits}")
    tom.page.keyboard.press("Enter")
    tom.page.get_by_text("Partial").wait_for()
    tom.review()
    tom.picture("receive", is_whole=True)


def keys(browser: Browser, address: str) -> None:
    """Lea of the Linden Pharmacy: a shift, then a new key for a lost telephone."""
    lea = Visitor(browser, address, LINDE.admin)
    device = Authenticator(lea.page)
    _make_passkey(lea, "Lea's telephone")
    lea.page.goto("/shift")
    lea.page.locator("[data-shift-go]:enabled").wait_for()
    lea.picture("shift")
    device.lose()
    Authenticator(lea.page)
    lea.page.goto("/device")
    lea.page.get_by_role("button", name="Replace").click()
    lea.page.get_by_label("Name of this device").fill("Lea's new telephone")
    lea.page.get_by_label("Lost since").fill(f"{datetime.now(UTC):%Y-%m-%d}")
    lea.page.locator("[data-device-make]").scroll_into_view_if_needed()
    lea.picture("renew", is_whole=True)


def _make_passkey(visitor: Visitor, label: str) -> None:
    page = visitor.page
    page.goto("/device")
    page.get_by_label("Name of this device").fill(label)
    page.get_by_label("A passkey").check()
    page.get_by_role("button", name=re.compile("Make a key")).click()
    page.get_by_text("The request was sent").wait_for()


def office(browser: Browser, address: str) -> None:
    """Rita's recall console and the ledger; a stranger's pack on a small screen."""
    rita = Visitor(browser, address, REGULATOR.admin)
    rita.page.goto("/recalls")
    rita.page.get_by_role("main").get_by_role("link", name=re.compile("Amoxil")).click()
    rita.page.get_by_role("heading", name="Where the packs are").wait_for()
    rita.page.set_viewport_size({"width": 1200, "height": 1200})
    rita.picture("recall")
    rita.page.set_viewport_size(_WIDE)
    rita.page.goto("/ledger")
    rita.picture("ledger")
    stranger = Visitor(browser, address)
    pack = BY_NUMBER["C201"]
    stranger.page.goto(f"/01/{pack.medicine.gtin}/21/{pack.serials[10]}")
    stranger.picture("public-pack", is_whole=True)


def main() -> int:
    """Make all pictures; 1 where there is no browser."""
    executable = find_chromium()
    if executable is None:
        sys.stderr.write("No Chromium found: set CHROME.\n")
        return 1
    _use_a_node_that_runs()
    PICTURES.mkdir(exist_ok=True)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with running_site() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[*as_root, "--disable-dev-shm-usage", "--force-color-profile=srgb"],
        )
        for scene in (counter, maker, gate, keys, office):
            scene(browser, address)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
