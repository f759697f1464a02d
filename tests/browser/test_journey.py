"""One lot through the browser: every signature by a key that the browser made.

Nora makes it, packs it and ships two cases; one comes, and Tom receives a part and
sends it on; Stella receives, unpacks, dispenses and takes a supply back; what she
signed is proven offline; Nora recalls the lot, and Stella's next scan says HOLD.
"""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from apps.anchoring.tasks import sequence
from pharmatrace.demo.cast import NOVAMED, STELLA, TRANSPHARM, Player
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.browser import steps
from tests.browser.steps import NAMES
from tests.cast import keyring, stage_of_today
from tests.journeys.proving import assert_proves

__all__ = ["keyring"]
pytestmark = pytest.mark.journey


@pytest.fixture
def stage(
    transactional_db: None, keyring: Keyring, settings: Any, tmp_path: Path
) -> Stage:
    """Everybody licensed; administrators confirm keys at once, as in the demo."""
    settings.DEMO = True
    settings.DEMO_KEYS_DIR = keyring.directory
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"
    return stage_of_today(keyring)


@pytest.fixture
def sit_down(stage: Stage, chromium: Browser, live_server: Any) -> Any:
    """`sit_down(player)`: a browser of one's own, logged in, with a key made in it."""
    contexts: list[BrowserContext] = []

    def at_the_desk(player: Player) -> Page:
        base = live_server.url.replace("127.0.0.1", "localhost")
        context = chromium.new_context(base_url=base, locale="en-GB")
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


def test_a_lot_goes_from_the_file_to_the_counter_and_is_recalled(
    sit_down: Any, tmp_path: Path
) -> None:
    nora, tom, stella = map(sit_down, (NOVAMED, TRANSPHARM, STELLA))
    steps.make(nora)
    steps.pack(nora)
    steps.ship(nora, 1, 2, to=TRANSPHARM)
    steps.receive_part(tom, 1)
    steps.ship(tom, 1, to=STELLA)
    steps.scan(stella, NAMES[0], verdict="HOLD")
    steps.receive_all(stella)
    steps.unpack(stella, 1)
    steps.dispense(stella, NAMES[0])
    steps.undo_dispense(stella, NAMES[0])
    steps.dispense(stella, NAMES[1])

    sequence()
    proof, policy = steps.download_proof(stella, NAMES[1], folder=tmp_path)
    assert_proves(proof, policy=policy)

    steps.recall(nora)

    steps.scan(stella, NAMES[0], verdict="HOLD")
    expect(stella.locator("main, [class*=band]").first).to_contain_text("Wrong leaflet")
    assert steps.export_affected(nora, columns=("tier", "holder_name", "packs")) == [
        ("At the maker", "Novamed", "48"),
        ("In transit", "Novamed", "24"),
        ("At pharmacies", "Stella Pharmacy", "23"),
        ("Supplied to patients", "Stella Pharmacy", "1"),
    ]
