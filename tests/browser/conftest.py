"""One browser for the session, a fresh profile and a fresh stage for each test."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.stage import Stage, open_stage


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A Chromium; without one the browser tests are skipped, loudly."""
    found = find_chromium()
    if not found:
        pytest.skip("NO BROWSER: install chromium or set CHROME; nothing was shown")
    # The synchronous Playwright keeps an event loop in this thread; Django would
    # refuse the database to every test after this one.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    arguments = [*ARGUMENTS, "--host-resolver-rules=MAP lan.example 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage, server = open_stage()
    yield stage
    server.shutdown()
    server.server_close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(timezone_id="Europe/Vienna", locale="en-GB")
    context.set_default_timeout(8_000)
    yield context
    context.close()


@pytest.fixture
def open_page(context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Opens pages, and fails the test if any of them broke the content policy."""
    complaints: list[str] = []

    def open_page(url: str, **options: Any) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: _is_policy(m.text) and complaints.append(m.text))
        for script in options.get("init_scripts", ()):
            page.add_init_script(script)
        page.goto(url)
        return page

    yield open_page
    assert complaints == []


def _is_policy(text: str) -> bool:
    return "Content Security Policy" in text or "violates" in text
