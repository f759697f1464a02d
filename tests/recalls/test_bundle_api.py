"""Bundles for machines: waited for, fetched by digest and by part, foreign is missing."""

import hashlib
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
from apps.recalls.models import Bundle
from pharmatrace.demo.cast import (
    AMOXIL,
    MARKT,
    NOVAMED,
    REGULATOR,
    STELLA,
    Player,
)
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods
from tests.recalls.bundling import built, demands, lot_of
from tests.recalls.calls import open_recall, packs, serials, spread

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]
LOT = f"/api/v1/batches/bundle?gtin={AMOXIL.gtin}&lot=A1"


@pytest.fixture
def ask(client: Any, stage: Stage) -> Any:
    def ask(player: Player, path: str, **headers: str) -> Any:
        client.force_login(stage.actor(player).user)
        return client.get(path, headers=headers)

    return ask


@pytest.fixture(autouse=True)
def clock_of_the_stage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: stage.at)


@pytest.fixture
def goods(stage: Stage) -> Goods:
    """Lot A1 at four holders, in the log."""
    goods = spread(stage)
    anchoring.sequence(at=stage.tick())
    return goods


@pytest.fixture
def ready(stage: Stage, goods: Goods) -> Bundle:
    """A bundle of lot A1 for the regulator."""
    return built(stage, lot_of(stage, REGULATOR))


def build_all(stage: Stage) -> None:
    for bundle in Bundle.objects.filter(finished_at=None):
        operations.build_bundle(bundle_id=bundle.pk, clock=lambda: stage.at)


def bytes_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_lot_is_waited_for_then_fetched_and_checked(
    stage: Stage, goods: Goods, ask: Any
) -> None:
    waiting = ask(REGULATOR, LOT)
    build_all(stage)
    given = ask(REGULATOR, LOT)

    assert waiting.status_code == 202
    assert waiting["Location"] == LOT
    assert waiting["Retry-After"] == "2"
    assert waiting.json()["state"] == "queued"
    content = bytes_of(given)
    assert given["Content-Type"] == "application/zip"
    assert given["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert int(given["Content-Length"]) == len(content)
    assert ".zip" in given["Content-Disposition"]
    report = verify_bundle(BytesIO(content), demands(tag_key=secrets.tag_key()))
    assert sum(each.count for each in report.lots[0].places) == 100


def test_asking_while_it_is_built_starts_no_second_job(
    stage: Stage, goods: Goods, ask: Any
) -> None:
    for _ in range(3):
        assert ask(REGULATOR, LOT).status_code == 202

    assert Bundle.objects.count() == 1


def test_a_client_that_has_the_digest_is_sent_nothing(ready: Bundle, ask: Any) -> None:
    for known in (f'"{ready.digest}"', f'"other", "{ready.digest}"', "*"):
        response = ask(REGULATOR, LOT, if_none_match=known)

        assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
        ("bytes=5-99999999999", 5, None),
    ],
)
def test_a_download_goes_on_where_it_broke_off(
    ready: Bundle, ask: Any, asked: str, start: int, stop: int | None
) -> None:
    whole = bytes_of(ask(REGULATOR, LOT))

    part = ask(REGULATOR, LOT, range=asked, if_range=f'"{ready.digest}"')

    wanted = whole[start:stop]
    first = start % len(whole)
    assert part.status_code == 206
    assert bytes_of(part) == wanted
    assert part["Content-Range"] == (
        f"bytes {first}-{first + len(wanted) - 1}/{len(whole)}"
    )


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", "bytes=7-3"])
def test_a_part_past_the_end_is_refused(ready: Bundle, ask: Any, asked: str) -> None:
    response = ask(REGULATOR, LOT, range=asked)

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{ready.size_bytes}"


@pytest.mark.parametrize(
    "headers",
    [
        {"range": "bytes=0-9", "if_range": '"another"'},
        {"range": "bytes=0-9,20-29"},
        {"range": "lines=0-9"},
        {"range": "bytes=-"},
        {"range": "bytes=" + "9" * 40 + "-"},
    ],
)
def test_what_is_no_part_of_this_file_gets_the_whole(
    ready: Bundle, ask: Any, headers: dict[str, str]
) -> None:
    response = ask(REGULATOR, LOT, **headers)

    assert response.status_code == 200
    assert len(bytes_of(response)) == ready.size_bytes


def test_a_larger_checkpoint_can_be_demanded(ready: Bundle, ask: Any) -> None:
    same = ask(REGULATOR, f"{LOT}&least_size={ready.tree_size}")
    larger = ask(REGULATOR, f"{LOT}&least_size={ready.tree_size + 1}")

    assert (same.status_code, larger.status_code) == (200, 202)


@pytest.mark.parametrize("size", ["-1", "1.5", "x", "9" * 40, "%F0%9F%92%8A"])
def test_a_size_that_is_no_number_is_refused(
    stage: Stage, goods: Goods, ask: Any, size: str
) -> None:
    response = ask(REGULATOR, f"{LOT}&least_size={size}")

    assert response.status_code == 400
    assert response.json()["field"] == "least_size"
    assert not Bundle.objects.exists()


@pytest.mark.parametrize(
    "query", ["", f"?gtin={AMOXIL.gtin}", "?lot=A1", "?gtin=1&lot=A1"]
)
def test_a_lot_that_is_not_named_is_refused(
    stage: Stage, goods: Goods, ask: Any, query: str
) -> None:
    assert ask(REGULATOR, f"/api/v1/batches/bundle{query}").status_code == 400


def test_a_stranger_is_told_that_there_is_none(
    stage: Stage, goods: Goods, ask: Any
) -> None:
    recall = open_recall(stage)

    for path in (LOT, f"/api/v1/recalls/{recall.pk}/bundle"):
        assert ask(MARKT, path).status_code == 404
    for path in (f"{LOT}2", f"/api/v1/recalls/{'f' * 64}/bundle"):
        assert ask(REGULATOR, path).status_code == 404
    assert not Bundle.objects.exists()


def test_who_is_not_logged_in_gets_none(client: Any, stage: Stage) -> None:
    assert client.get(LOT).status_code == 401
    assert not Bundle.objects.exists()


def test_the_regulator_alone_gets_the_whole_of_a_recall(
    stage: Stage, goods: Goods, ask: Any
) -> None:
    recall = open_recall(stage, by=NOVAMED)
    anchoring.sequence(at=stage.tick())
    path = f"/api/v1/recalls/{recall.pk}/bundle"
    readers = (STELLA, NOVAMED, REGULATOR)

    for player in readers:
        assert ask(player, path).status_code == 202
    build_all(stage)

    reports = {
        player: verify_bundle(
            BytesIO(bytes_of(ask(player, path))), demands(tag_key=secrets.tag_key())
        )
        for player in readers
    }
    assert sum(each.count for each in reports[REGULATOR].lots[0].places) == 100
    assert reports[REGULATOR].form == "whole"
    for player in (STELLA, NOVAMED):
        assert reports[player].form == "redacted"
        assert reports[player].lots == ()
        assert player.gln in {link.gln for link in reports[player].links}


def test_what_cannot_be_built_says_why(stage: Stage, goods: Goods, ask: Any) -> None:
    ref = goods.ship(packs(serials(1, start=40)))
    anchoring.sequence(at=stage.tick())
    with transaction.atomic():
        erase_vault(statement_id=ref, erased_by="0" * 64)

    assert ask(REGULATOR, LOT).status_code == 202
    build_all(stage)
    response = ask(REGULATOR, LOT)

    assert response.status_code == 409
    assert response.json()["code"] == "bundle_refused"
    assert Bundle.objects.count() == 1


def test_every_fetch_is_written_down(ready: Bundle, ask: Any) -> None:
    ReadAudit.objects.all().delete()

    ask(REGULATOR, LOT)
    ask(REGULATOR, LOT, range="bytes=0-9")

    rows = ReadAudit.objects.filter(action="recalls.bundle")
    assert {row.subject for row in rows} == {f"{AMOXIL.gtin} A1"}
    assert rows.count() == 2
