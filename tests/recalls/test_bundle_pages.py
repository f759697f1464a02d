"""The panel of a bundle on the pages of recalls and lots."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import transaction

from apps.anchoring import operations as anchoring
from apps.core.bundle.verify import verify_bundle
from apps.edge import secrets
from apps.ledger.operations import erase_vault
from apps.partners.models import ReadAudit
from apps.recalls import operations
from apps.recalls.models import Bundle, Recall
from apps.recalls.operations import bundles
from pharmatrace.demo.cast import AMOXIL, LINDE, MARKT, NOVAMED, REGULATOR, STELLA
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods
from tests.recalls.bundling import demands
from tests.recalls.calls import open_recall, packs, serials, spread

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]
LOT = f"/lot-bundle?gtin={AMOXIL.gtin}&lot=A1"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def clock_of_the_stage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: stage.at)


@pytest.fixture
def goods(stage: Stage) -> Goods:
    return spread(stage)


@pytest.fixture
def recall(stage: Stage, goods: Goods) -> Recall:
    opened = open_recall(stage)
    operations.flag_affected(recall_id=opened.pk, at=stage.tick())
    anchoring.sequence(at=stage.tick())
    return opened


@pytest.fixture
def as_player(client: Any, stage: Stage) -> Any:
    def as_player(player: Any) -> Any:
        client.force_login(stage.actor(player).user)
        return client

    return as_player


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def build_all(stage: Stage) -> None:
    for bundle in Bundle.objects.filter(finished_at=None):
        operations.build_bundle(bundle_id=bundle.pk, clock=lambda: stage.at)


def test_a_recall_is_bundled_by_a_button_watched_and_fetched(
    stage: Stage, recall: Recall, as_player: Any
) -> None:
    browser = as_player(REGULATOR)
    url = f"/recalls/{recall.pk}/bundle"
    before = text_of(browser.get(f"/recalls/{recall.pk}"))
    waiting = text_of(browser.post(url, headers=HTMX))
    build_all(stage)
    ready = text_of(browser.get(url, headers=HTMX))

    assert f'hx-post="{url}"' in before
    assert "every 1s" not in before
    assert f'hx-get="{url}" hx-trigger="every 1s"' in waiting
    assert "will be built in a moment" in waiting
    bundle = Bundle.objects.get()
    assert "every 1s" not in ready
    assert bundle.digest in ready
    assert "pharmatrace-verify recall-" in ready
    (href,) = re.findall(r'href="(/bundles/[0-9a-f-]+)"', ready)
    given = browser.get(href)
    content = b"".join(given.streaming_content)
    report = verify_bundle(BytesIO(content), demands(tag_key=secrets.tag_key()))
    assert report.form == "whole"


def test_the_panel_shows_how_far_the_work_is(
    stage: Stage, recall: Recall, as_player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_player(REGULATOR)
    seen: list[str] = []
    write = bundles.write_bundle

    def watched(bundle: Bundle, wanted: Any, show: Any) -> Any:
        def show_and_look(done: int, total: int) -> None:
            stage.tick(timedelta(seconds=5))
            show(done, total)
            seen.append(text_of(browser.get(LOT, headers=HTMX)))

        return write(bundle, wanted, show_and_look)

    monkeypatch.setattr(bundles, "write_bundle", watched)
    browser.post(LOT, headers=HTMX)

    build_all(stage)

    assert any(re.search(r'<progress value="\d+" max="\d+"', each) for each in seen)
    assert any("statements</p>" in each for each in seen)


def test_without_script_the_button_leads_to_a_page_to_load_again(
    recall: Recall, as_player: Any
) -> None:
    browser = as_player(REGULATOR)

    sent = browser.post(LOT)

    assert (sent.status_code, sent["Location"]) == (302, LOT)
    page = text_of(browser.get(LOT))
    assert "Load this page again" in page
    assert f'href="/batches/{AMOXIL.gtin}/A1"' in page


def test_the_page_of_a_lot_leads_to_its_bundle(recall: Recall, as_player: Any) -> None:
    page = text_of(as_player(REGULATOR).get(f"/batches/{AMOXIL.gtin}/A1"))

    assert f'hx-get="{LOT.replace("&", "&amp;")}"' in page


def test_a_holder_is_told_that_foreign_links_stay_closed(
    stage: Stage, recall: Recall, as_player: Any
) -> None:
    browser = as_player(STELLA)
    browser.post(LOT)
    build_all(stage)

    assert "those of others say role and country" in text_of(browser.get(LOT))


def test_a_bundle_of_another_reader_is_missing(
    stage: Stage, recall: Recall, as_player: Any
) -> None:
    as_player(STELLA).post(LOT)
    as_player(REGULATOR).post(LOT)
    build_all(stage)
    theirs, whole = (
        f"/bundles/{Bundle.objects.get(reader=reader).pk}"
        for reader in (STELLA.gln, "")
    )

    for player, path, status in (
        (STELLA, theirs, 200),
        (STELLA, whole, 404),
        (LINDE, theirs, 404),
        (MARKT, theirs, 404),
        (REGULATOR, theirs, 404),
        (REGULATOR, whole, 200),
        (NOVAMED, whole, 404),
        (NOVAMED, theirs, 404),
    ):
        assert as_player(player).get(path).status_code == status, (player, path)


def test_a_stranger_finds_neither_panel_nor_page(
    recall: Recall, as_player: Any
) -> None:
    browser = as_player(MARKT)

    for path in (LOT, f"/recalls/{recall.pk}/bundle"):
        assert browser.get(path).status_code == 404
        assert browser.post(path).status_code == 404
    assert not Bundle.objects.exists()


def test_a_visitor_is_sent_to_log_in(client: Any, recall: Recall) -> None:
    for path in (
        LOT,
        f"/recalls/{recall.pk}/bundle",
        f"/bundles/{'0' * 8}-0000-4000-8000-{'0' * 12}",
    ):
        assert "/login" in client.get(path)["Location"]
    assert not Bundle.objects.exists()


def test_a_bundle_that_could_not_be_built_says_why_and_can_be_tried_again(
    stage: Stage, goods: Goods, as_player: Any
) -> None:
    ref = goods.ship(packs(serials(1, start=40)))
    anchoring.sequence(at=stage.tick())
    with transaction.atomic():
        erase_vault(statement_id=ref, erased_by="0" * 64)
    browser = as_player(REGULATOR)
    browser.post(LOT)
    build_all(stage)

    page = text_of(browser.get(LOT))

    assert "could not be built" in page
    assert "history erased" in page
    assert "Build the bundle" in page


def test_a_bundle_that_was_taken_away_can_be_built_anew(
    stage: Stage, recall: Recall, as_player: Any
) -> None:
    browser = as_player(REGULATOR)
    browser.post(LOT)
    build_all(stage)
    gone = Bundle.objects.get()
    operations.sweep_bundles(at=stage.tick(timedelta(days=3)))

    browser = as_player(REGULATOR)
    assert browser.get(f"/bundles/{gone.pk}").status_code == 404
    assert "Build the bundle<" in text_of(browser.get(LOT)).replace(" <", "<")


def test_reading_and_fetching_are_written_down(
    stage: Stage, recall: Recall, as_player: Any
) -> None:
    browser = as_player(NOVAMED)
    browser.post(LOT)
    build_all(stage)
    ReadAudit.objects.all().delete()

    browser.get(f"/bundles/{Bundle.objects.get().pk}")

    (row,) = ReadAudit.objects.filter(action="recalls.bundle")
    assert row.subject == f"{AMOXIL.gtin} A1"
