"""One lot through the browser: every signature by a key that the browser made.

Nora makes it, packs it and ships it; Tom receives a part and sends it on; Stella
receives, scans and dispenses; Nora recalls it, and Stella's next scan says HOLD.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from apps.intake.tasks import check_upload
from apps.jobs.models import Outbox
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, TRADERS, TRANSPHARM, Player
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.cast import keyring

__all__ = ["keyring"]
pytestmark = pytest.mark.journey

NAMES = [f"BRW{number:06}" for number in range(96)]
LOT = "B-77"


@pytest.fixture
def stage(
    transactional_db: None, keyring: Keyring, settings: Any, tmp_path: Path
) -> Stage:
    """Everybody licensed; administrators confirm keys at once, as in the demo."""
    settings.DEMO = True
    settings.DEMO_KEYS_DIR = keyring.directory
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"
    opened = Stage(keyring, timezone.now() - timedelta(minutes=1))
    opened.open_ledger()
    for player in TRADERS:
        opened.admit(player)
        opened.license(player)
    opened.register(NOVAMED, AMOXIL)
    return opened


@pytest.fixture
def sit_down(stage: Stage, chromium: Browser, live_server: Any) -> Any:
    """`sit_down(player)`: a browser of one's own, logged in, with a key made in it."""
    contexts: list[BrowserContext] = []

    def at_the_desk(player: Player) -> Page:
        base = live_server.url.replace("127.0.0.1", "localhost")
        context = chromium.new_context(base_url=base, locale="en-GB")
        context.set_default_timeout(15_000)
        contexts.append(context)
        client = Client()  # one each: a second log-in would end the first session
        client.force_login(stage.actor(player).user)
        session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        context.add_cookies([{**session, "domain": "localhost", "path": "/"}])
        page = context.new_page()
        page.goto("/device")
        page.fill("#device-label", f"{player.name} desk")
        page.click("[data-device-make] button")
        expect(page.get_by_text("Signs for you")).to_be_visible()
        return page

    yield at_the_desk
    for context in contexts:
        context.close()


def sign(page: Page, *, says: str) -> None:
    """Read the sentence, sign it, see the receipt."""
    review = page.locator("[data-sign-review]")
    if review.is_visible():
        review.click()
    expect(page.locator("[data-sign-words]").first).to_contain_text(says)
    page.locator("[data-sign-go]").first.click()
    expect(page.locator("[data-sign-receipt]").first).not_to_be_empty()
    expect(page.locator("[data-sign-problem]").first).to_be_empty()


def make(nora: Page) -> None:
    nora.goto(f"/uploads/new?gtin={AMOXIL.gtin}")
    nora.select_option("#id_gtin", AMOXIL.gtin)
    nora.fill("#id_lot", LOT)
    nora.fill("#id_expiry_date", "2029-02-28")
    rows = "\n".join(["serial", *NAMES, ""]).encode()
    file = {"name": "lot.csv", "mimeType": "text/csv", "buffer": rows}
    nora.set_input_files("#id_file", file)
    nora.click("main button.large")
    nora.wait_for_selector("#progress")
    for row in Outbox.objects.filter(task="intake.check_upload", done_at=None):
        check_upload(outbox_id=row.pk, **row.kwargs)
    nora.wait_for_selector("[data-sign-panel]")
    sign(nora, says="commissions 96 packs")


def pack(nora: Page) -> None:
    site = NOVAMED.sites[0].gln
    nora.goto(f"/pack/lot?gtin={AMOXIL.gtin}&lot={LOT}&site={site}")
    nora.get_by_role("button", name="Show the plan").click()
    nora.wait_for_selector("[data-sign-panel]")
    sign(nora, says="Novamed")


def ship(page: Page, *, to: Player) -> None:
    page.goto("/ship")
    page.locator("main input[type=checkbox]").first.check()
    value = page.locator("#to option", has_text=to.name).first.get_attribute("value")
    page.select_option("#to", value)
    sign(page, says=f"to {to.name}")


def open_receipt(page: Page) -> None:
    page.goto("/receive")
    page.locator("main a[href^='/receive/']").first.click()
    page.wait_for_selector("[data-receive-all]")


def receive_all(page: Page) -> None:
    open_receipt(page)
    page.click("[data-receive-all]")
    sign(page, says="receives")


def scan(page: Page, name: str, *, verdict: str) -> None:
    # Keys by a real wedge are tested apart; a busy machine types them too slowly here.
    page.goto("/scan?" + urlencode({"code": f"]d201{AMOXIL.gtin}21{name}"}))
    expect(page.locator("h1")).to_contain_text(verdict, ignore_case=True)


def recall(nora: Page) -> None:
    nora.goto(f"/recalls/new?gtin={AMOXIL.gtin}&lot={LOT}")
    nora.select_option("#gtin", AMOXIL.gtin)
    nora.fill("#lots", LOT)
    nora.fill("#reason", "Wrong leaflet")
    sign(nora, says="recalls")


def test_a_lot_goes_from_the_file_to_the_counter_and_is_recalled(
    sit_down: Any,
) -> None:
    nora, tom, stella = map(sit_down, (NOVAMED, TRANSPHARM, STELLA))
    make(nora)
    pack(nora)
    ship(nora, to=TRANSPHARM)
    receive_all(tom)
    ship(tom, to=STELLA)
    scan(stella, NAMES[0], verdict="HOLD")
    receive_all(stella)
    scan(stella, NAMES[0], verdict="DISPENSE")
    sign(stella, says="supplies 1 pack")
    scan(stella, NAMES[0], verdict="HOLD")
    scan(stella, NAMES[1], verdict="DISPENSE")

    recall(nora)

    scan(stella, NAMES[1], verdict="HOLD")
    expect(stella.locator("main, [class*=band]").first).to_contain_text("Wrong leaflet")
