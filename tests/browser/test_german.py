"""The counter in German: chosen in the footer, signed in English, one line a verdict."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pharmatrace.demo.cast import STELLA
from tests.browser.weight import COUNT_BYTES, MOST_BYTES
from tests.cast import keyring, ledger, stage
from tests.languages.conftest import compiled
from tests.scan.conftest import chain
from tests.scan.packs import Chain

__all__ = ["chain", "compiled", "keyring", "ledger", "stage"]


@pytest.fixture
def counter(
    chain: Chain, compiled: object, login: Callable[[Any], None], page: Page
) -> Page:
    """Stella's page at the counter, after a press on the language in the footer."""
    login(chain.actor(STELLA).user)
    page.goto("/scan")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.url.endswith("/scan")
    return page


def test_the_meaning_is_shown_in_german_and_signed_in_english(
    counter: Page, chain: Chain, assert_accessible: Callable[[Page], None]
) -> None:
    counter.goto(f"/scan?code={chain.code(0).replace(chr(29), '%1D')}")
    if (review := counter.locator("[data-sign-review]")).is_visible():
        review.click()

    expect(counter.locator("[data-sign-words]")).to_have_text(
        "Stella Pharmacy gibt 1 Packung (1 der Charge A123) ab."
    )
    expect(counter.locator("[data-sign-meaning]")).to_have_text(
        "von der Apotheke abgegeben"
    )
    expect(counter.locator('[data-fact="meaning"]')).to_have_text(
        "supplied by the pharmacy"
    )
    assert_accessible(counter)


def test_the_longer_words_do_not_make_the_page_heavy(
    counter: Page, chain: Chain
) -> None:
    for number in range(6):  # each verdict joins the strip of the last ones
        counter.goto(f"/scan?code={chain.code(number).replace(chr(29), '%1D')}")
    expect(counter.locator("[data-sign-go]")).to_be_enabled()

    assert 100_000 < counter.evaluate(COUNT_BYTES) <= MOST_BYTES


@pytest.mark.parametrize("width", [320, 390, 650, 768, 1200])
def test_the_longest_verdict_stands_on_one_line(
    counter: Page, chain: Chain, width: int
) -> None:
    chain.recall()
    counter.set_viewport_size({"width": width, "height": 800})
    counter.goto(f"/scan?code={chain.code(0).replace(chr(29), '%1D')}")

    word = counter.locator("#verdict-word span")
    expect(word).to_have_text("Zurückhalten")
    tall, size = word.evaluate(
        "one => [one.getBoundingClientRect().height,"
        " parseFloat(getComputedStyle(one).fontSize)]"
    )
    assert tall < 1.5 * size
    assert counter.evaluate("document.documentElement.scrollWidth") == width
