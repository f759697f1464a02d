"""A desk in the browser: the live site's own ledger, a profile, a passkey made there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from apps.partners.models import SigningKey
from pharmatrace.demo.cast import NOVAMED
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.cast import keyring, stage_of_today
from tests.custody.goods import sscc

__all__ = ["keyring", "sit_down", "stage"]

PLANT, DEPOT = NOVAMED.sites


@pytest.fixture
def stage(
    transactional_db: None,
    keyring: Keyring,
    live_server: Any,
    settings: Any,
    tmp_path: Path,
) -> Stage:
    """A ledger whose passkeys belong to the live site; administrators confirm at once."""
    settings.SITE_URL = live_server.url.replace("127.0.0.1", "localhost")
    settings.DEMO = True
    settings.DEMO_KEYS_DIR = keyring.directory
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"
    return stage_of_today(keyring)


@pytest.fixture
def sit_down(stage: Stage, chromium: Browser, settings: Any) -> Iterator[Any]:
    """`sit_down(player)`: a fresh profile, logged in."""
    contexts: list[BrowserContext] = []

    def at_the_desk(player: Any, person: Any = None) -> Page:
        context = chromium.new_context(base_url=settings.SITE_URL, locale="en-GB")
        context.set_default_timeout(15_000)
        contexts.append(context)
        client = Client()
        client.force_login(stage.actor(player, person).user)
        session = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        context.add_cookies([{**session, "domain": "localhost", "path": "/"}])
        return context.new_page()

    yield at_the_desk
    for context in contexts:
        context.close()


def make_passkey(page: Page, label: str = "Nora's phone") -> None:
    page.goto("/device")
    page.fill("#device-label", label)
    page.get_by_label("A passkey").check()
    page.click("[data-device-make] [type=submit]")
    expect(page.get_by_text("The request was sent")).to_be_visible()
    expect(page.get_by_role("row", name=label)).to_contain_text("Signs for you")


def begin_shift(page: Page, site: str = PLANT.gln, hours: str = "8") -> None:
    page.goto("/shift")
    page.select_option("#site", site)
    page.select_option("#hours", hours)
    expect(page.locator("[data-shift-words]")).to_contain_text("this device signs for")
    page.click("[data-shift-go]")
    expect(page.locator(".shift-bar")).to_be_visible()


def open_case(page: Page, number: int, site: str = PLANT.gln) -> Any:
    """Sign a new container by the page's own scripts; what the door answers."""
    return page.evaluate(
        """async (wish) => {
          const { askDraft, checkDraft, sendStatement, signDraft } = await import("/static/js/drafts.js");
          const { keyFor } = await import("/static/js/voices.js");
          const draft = await checkDraft(await askDraft(wish), document.body.dataset.gln);
          const key = await keyFor(draft);
          try {
            const answer = await sendStatement(await signDraft(draft, key));
            return { keyid: key.keyid, ...answer };
          } catch (error) {
            return { keyid: key?.keyid, code: error.document?.code ?? error.textName ?? error.name };
          }
        }""",
        {
            "kind": "event",
            "step": "new_container",
            "site": site,
            "container": f"(00){sscc(number)}",
        },
    )


def fill_product(page: Page) -> None:
    page.goto("/products/register")
    fields = {
        "gtin": "09521568452106",
        "name": "Respira",
        "strength": "100 µg",
        "form": "inhalation",
        "pack_size": "200 doses",
    }
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)


def own_key() -> SigningKey:
    return SigningKey.objects.get(algorithm="webauthn-es256", partner__gln=NOVAMED.gln)
