"""Evidence that the demo's site hands out, checked without it: saved, offline, in Chromium."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.pages.demo import Demo

Login = Callable[[str], BrowserContext]


@pytest.fixture
def logged_in(chromium: Browser, site: str, demo: Demo) -> Iterator[Login]:
    """`logged_in(role)`: a browser of that role."""
    opened: list[BrowserContext] = []

    def logged_in(role: str) -> BrowserContext:
        context = chromium.new_context(base_url=site)
        cookie = {"name": "sessionid", "value": demo.sessions[role], "url": site}
        context.add_cookies([cookie])
        opened.append(context)
        return context

    yield logged_in
    for context in opened:
        context.close()


def got(context: BrowserContext, address: str) -> bytes:
    answer = context.request.get(address)
    assert answer.ok, (address, answer.status)
    return answer.body()


def offline(chromium: Browser, folder: Path, saved: bytes) -> Page:
    path = folder / "pharmatrace-verify.html"
    path.write_bytes(saved)
    context = chromium.new_context()
    context.set_offline(True)
    page = context.new_page()
    page.goto(path.as_uri())
    return page


def give(page: Page, files: dict[str, bytes]) -> None:
    given = [
        {"name": name, "mimeType": "application/json", "buffer": data}
        for name, data in files.items()
    ]
    page.set_input_files("[data-files]", given)
    page.wait_for_selector("#verdict")


def test_what_was_saved_checks_what_was_downloaded(
    chromium: Browser, logged_in: Login, demo: Demo, tmp_path: Path
) -> None:
    shop, code = logged_in("shop"), quote(demo.ids["code"])
    page = offline(chromium, tmp_path, got(shop, "/verify?save"))
    pack = got(shop, f"/scan/proof.json?code={code}")

    give(page, {"pack.json": pack})

    expect(page.locator("#verdict span")).to_have_text("Holds")
    expect(page.locator(".band-pack")).to_contain_text(json.loads(pack)["pack"]["lot"])
    give(page, {"answer.json": got(shop, f"/scan/answer.json?code={code}")})
    expect(page.locator("li.step[value='15']")).to_contain_text("was answered:")
    expect(page.locator("#verdict span")).to_have_text("Holds")
    changed = pack.replace(b'"accepted_ms":1', b'"accepted_ms":2', 1)
    assert changed != pack
    give(page, {"pack.json": changed})
    expect(page.locator("#verdict span")).to_have_text("Does not hold")
    page.context.close()


def test_the_code_of_a_pack_is_checked_where_its_address_leads(
    logged_in: Login, demo: Demo
) -> None:
    page = logged_in("shop").new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.goto(f"/scan/proof?code={quote(demo.ids['code'])}")

    page.get_by_role("link", name="Check this code in the browser").click()

    page.wait_for_url("**/verify#PTP1:*")
    expect(page.locator("#verdict span")).to_have_text("Holds in part")
    expect(page.locator(".band")).to_contain_text("Whose keys signed is not shown")
    expect(page.locator("li.step[value='12']")).to_have_class(re.compile("is-go"))
    assert faults == []


def test_a_statement_of_the_ledger_holds(
    chromium: Browser, logged_in: Login, demo: Demo, tmp_path: Path
) -> None:
    maker = logged_in("maker")
    page = offline(chromium, tmp_path, got(maker, "/verify?save&language=de"))
    address = f"/api/v1/statements/{demo.ids['statement']}/proof"

    give(page, {"proof.json": got(maker, address)})

    expect(page.locator("#verdict span")).to_have_text("Stimmt")
    page.context.close()
