"""The page as a saved file, without this site and without network."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, Page

from apps.edge.words import KINDS
from apps.exchange.views.verify import VerifyPage, page_parts
from tests.agreement.scenes import commissioning
from tests.core.outside import small_ledger as cast

PATIENCE_MS = 15_000


def written(folder: Path, language: str, *, policy: bytes, genesis_id: str) -> Path:
    """The page in a file, as it is saved from a ledger with this policy and genesis."""
    page = VerifyPage(
        parts=page_parts(),
        policy=base64.b64encode(policy).decode(),
        genesis_id=genesis_id,
        kinds=dict(KINDS),
        is_saving=True,
    )
    with translation.override(language):
        text = render_to_string("exchange/verify.html", {"page": page})
    path = folder / f"pharmatrace-verify-{language}.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh profile that reaches nothing."""
    context = chromium.new_context(timezone_id="Europe/Vienna", locale="en-GB")
    context.set_offline(True)
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def open_saved(
    context: BrowserContext, tmp_path: Path
) -> Iterator[Callable[..., Page]]:
    """Opens the saved page; fails the test if it complained or asked for anything."""
    faults: list[str] = []

    def open_saved(
        language: str = "en",
        *,
        policy: bytes = cast.POLICY,
        genesis_id: str | None = None,
        fragment: str = "",
        script: str = "",
    ) -> Page:
        known = commissioning().genesis_id if genesis_id is None else genesis_id
        path = written(tmp_path, language, policy=policy, genesis_id=known)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url))
        if script:
            page.add_init_script(script)
        page.goto(path.as_uri() + fragment)
        return page

    yield open_saved
    asked = [each for each in faults if not each.startswith(("file://", "data:"))]
    assert asked == []
