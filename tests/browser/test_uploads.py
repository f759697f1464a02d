"""The bulk door in a real browser: by keyboard, on a small screen, without a fault."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.intake.models import Upload
from tests.cast import AMOXIL, NOVAMED, Stage, keyring
from tests.intake.world import EXPIRY, World, serials
from tests.journeys.api_client import ApiClient

__all__ = ["keyring"]


@pytest.fixture
def world(transactional_db, keyring, settings, tmp_path):
    """Novamed with a product, and the folder of files."""
    settings.UPLOAD_DIR = tmp_path / "uploads"
    stage = Stage(keyring, timezone.now() - timedelta(minutes=1))
    stage.open_ledger()
    stage.admit(NOVAMED)
    stage.license(NOVAMED)
    stage.register(NOVAMED, AMOXIL)
    return World(stage, ApiClient.of(stage, NOVAMED), settings.UPLOAD_DIR)


@pytest.fixture
def nora(world, page, login):
    """Novamed's admin before her browser."""
    login(world.stage.actor(NOVAMED).user)
    return page


def _choose_file(page, content, name="lot.csv"):
    page.set_input_files(
        "#id_file", {"name": name, "mimeType": "text/csv", "buffer": content}
    )


def _fits(page):
    """Nothing stands out at the right of the window."""
    return page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def test_a_lot_is_sent_by_keyboard_and_checked(nora, world, assert_accessible):
    nora.set_viewport_size({"width": 390, "height": 800})
    nora.goto("/uploads")
    assert_accessible(nora)
    assert _fits(nora)
    nora.focus("#id_gtin")
    nora.keyboard.press("ArrowDown")
    nora.keyboard.press("Tab")
    nora.keyboard.type("A123")
    nora.fill("#id_expiry_date", EXPIRY)
    _choose_file(nora, serials(1_200))
    nora.focus("main button.large")
    nora.keyboard.press("Enter")
    nora.wait_for_selector("#progress")
    assert_accessible(nora)
    assert _fits(nora)

    world.work()

    # The page asks each second, and loads anew when the check is done.
    nora.wait_for_selector("[data-sign-panel]")
    nora.locator("[data-sign-words]").filter(has_text="1,200").wait_for()
    assert nora.inner_text("[data-sign-go]") == "Sign and commission 1,200 packs"
    assert_accessible(nora)
    assert _fits(nora)


def test_errors_fit_a_small_screen(nora, world, assert_accessible):
    upload = world.check(b"serial\n" + b"A B\n" * 30 + b'"x\n' + b"y" * 300 + b"\n")
    nora.set_viewport_size({"width": 390, "height": 800})

    nora.goto(f"/uploads/{upload.id}")

    assert nora.locator("table.errors-by-line tbody tr").count() == 32
    assert_accessible(nora)
    assert _fits(nora)


def _fill(page, content):
    page.goto("/uploads/new")
    page.select_option("#id_gtin", AMOXIL.gtin)
    page.fill("#id_lot", "A123")
    page.fill("#id_expiry_date", EXPIRY)
    _choose_file(page, content)


def test_a_connection_that_falls_is_gone_on_with_from_the_last_chunk(nora, world):
    content = serials(120_000)  # 1.2 MB: two chunks
    offsets, cut = [], iter([False, True])

    def answer(route):
        offsets.append(int(route.request.headers["upload-offset"]))
        route.abort() if next(cut, False) else route.continue_()

    nora.route("**/api/v1/uploads/*", answer)
    _fill(nora, content)
    nora.click("main button.large")
    nora.wait_for_selector("[data-sending-label]:has-text('goes on by itself')")
    nora.wait_for_url("**/uploads/*-*")

    assert offsets == [0, 2**20, 2**20]
    upload = Upload.objects.get()
    assert (upload.state, upload.received_bytes) == ("queued", len(content))
    (path,) = world.folder.iterdir()
    assert path.read_bytes() == content


def test_a_file_on_its_way_is_shown_and_cancelled(nora, world, assert_accessible):
    nora.route("**/api/v1/uploads/*", _only_deletions)
    _fill(nora, serials(120_000))
    nora.click("main button.large")
    nora.wait_for_selector("[data-sending] progress")
    nora.wait_for_selector("[data-sending-label]:has-text('goes on by itself')")
    assert_accessible(nora)

    with nora.expect_response(lambda each: each.request.method == "DELETE"):
        nora.click("[data-sending-stop]")

    assert nora.is_visible("main button.large")
    assert Upload.objects.get().state == "cancelled"


def _only_deletions(route):
    route.continue_() if route.request.method == "DELETE" else route.abort()


def test_a_refusal_stands_on_the_form_as_without_a_script(nora, world):
    _fill(nora, serials(3))
    nora.fill("#id_lot", "A B")
    nora.click("main button.large")

    nora.wait_for_selector("#upload-error")
    assert nora.input_value("#id_lot") == "A B"
    assert not Upload.objects.exists()
