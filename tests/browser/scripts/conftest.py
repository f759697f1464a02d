"""Scripts are tried on a small stage: our pages and policy, a site that is played."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.scripts.stage import Stage, open_stage

INSECURE = "http://lan.example"  # a name on the local net, by plain http


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing here asks the database; emptying it after each test would only cost."""
    for item in items:
        if item.module.__name__.startswith(__package__):
            item.own_markers[:] = [m for m in item.own_markers if m.name != "django_db"]


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage, server = open_stage()
    yield stage
    server.shutdown()
    server.server_close()


@pytest.fixture
def context(chromium: Browser, stage: Stage) -> Iterator[BrowserContext]:
    """A fresh profile in Vienna; every name but localhost leads to the stage too."""
    context = chromium.new_context(
        timezone_id="Europe/Vienna", locale="en-GB", proxy={"server": stage.url}
    )
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
