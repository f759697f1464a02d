"""The job that builds a bundle: joined, repeated, killed, resumed, swept."""

import hashlib
import os
from datetime import timedelta

import pytest
from django.db import transaction

from apps.anchoring import operations as anchoring
from apps.anchoring import queries as log
from apps.core.errors import Unavailable
from apps.jobs.models import Outbox
from apps.ledger.operations import erase_vault
from apps.recalls import operations
from apps.recalls.models import Bundle
from apps.recalls.operations import bundle_files
from apps.recalls.operations import bundles as bundles_module
from apps.recalls.queries.bundles import (
    folder_of,
    path_of,
    scope_of_recall,
    view_of,
)
from pharmatrace.demo.cast import (
    REGULATOR,
    STELLA,
)
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods
from tests.recalls.bundling import built, checked, lot_of, places
from tests.recalls.calls import open_recall, packs, serials, spread

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_folders")]


def test_asking_again_gives_what_is_there_and_later_another(stage: Stage) -> None:
    spread(stage)
    scope = lot_of(stage, REGULATOR)
    first = built(stage, scope)
    assert scope is not None

    at = stage.tick()
    again = operations.request_bundle(scope=scope, at=at)
    larger = operations.request_bundle(
        scope=scope, at=at, least_size=first.tree_size + 1
    )
    joined = operations.request_bundle(scope=scope, at=at)

    assert again.pk == first.pk
    assert larger.pk != first.pk
    assert joined.pk == first.pk  # still fresh enough for who asks for nothing more
    later = operations.request_bundle(scope=scope, at=at + timedelta(hours=1))
    assert later.pk == larger.pk  # it is in work
    assert Outbox.objects.filter(task="recalls.build_bundle").count() == 2


def test_building_twice_under_one_checkpoint_gives_the_same_digest(
    stage: Stage,
) -> None:
    spread(stage)
    scope = lot_of(stage, REGULATOR)
    first = built(stage, scope)
    assert scope is not None
    second = operations.request_bundle(
        scope=scope, at=stage.at + timedelta(hours=1), least_size=first.tree_size
    )

    operations.build_bundle(bundle_id=second.pk, clock=stage.tick)

    second.refresh_from_db()
    assert second.pk != first.pk
    assert (second.digest, second.size_bytes) == (first.digest, first.size_bytes)
    assert hashlib.sha256(path_of(second).read_bytes()).hexdigest() == first.digest


def test_a_build_that_was_killed_goes_on_where_it_was(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods = spread(stage)
    anchoring.sequence(at=stage.tick())
    scope = lot_of(stage, REGULATOR)
    assert scope is not None
    bundle = operations.request_bundle(scope=scope, at=stage.tick())
    monkeypatch.setattr(bundle_files, "map_pieces", _ended)
    with pytest.raises(KeyboardInterrupt):
        operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)
    monkeypatch.undo()
    goods.do(STELLA, "dispense", items=packs(serials(1, start=5)))
    anchoring.sequence(at=stage.tick())
    entries = folder_of(bundle) / "entries.ndjson"
    written = entries.stat().st_mtime_ns

    stage.at += timedelta(minutes=5)  # the lease of the dead worker
    monkeypatch.setattr(bundle_files, "remove_files", _ended)
    kept: list[int] = []
    monkeypatch.setattr(
        bundles_module.shutil,
        "rmtree",
        lambda *_args, **_more: kept.append(entries.stat().st_mtime_ns),
    )
    done = operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)

    assert done["statements"] > 0
    assert kept == [written]  # not written again
    bundle.refresh_from_db()
    head = log.newest_checkpoint()
    assert head is not None
    assert bundle.tree_size < head.size  # the checkpoint of the first start
    assert places(checked(bundle))[STELLA.gln, "dispensed"] == 4


def _ended(*_args: object, **_more: object) -> None:
    raise KeyboardInterrupt


def test_a_job_that_is_done_does_nothing_again(stage: Stage) -> None:
    spread(stage)
    bundle = built(stage, lot_of(stage, REGULATOR))
    before = path_of(bundle).stat().st_mtime_ns

    assert operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick) == {
        "skipped": 1
    }
    assert path_of(bundle).stat().st_mtime_ns == before
    assert not folder_of(bundle).exists()


def test_a_lot_that_no_checkpoint_covers_is_tried_again(stage: Stage) -> None:
    anchoring.sequence(at=stage.tick())
    Goods(stage).commission()
    scope = lot_of(stage, REGULATOR)
    assert scope is not None
    bundle = operations.request_bundle(scope=scope, at=stage.tick())

    with pytest.raises(Unavailable, match="not anchored"):
        operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)

    assert view_of(bundle).state == "queued"
    anchoring.sequence(at=stage.tick())
    operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)
    bundle.refresh_from_db()
    assert view_of(bundle).is_ready


def test_a_recall_that_no_checkpoint_covers_is_tried_again(stage: Stage) -> None:
    spread(stage)
    anchoring.sequence(at=stage.tick())
    recall = open_recall(stage)
    scope = scope_of_recall(recall_id=recall.pk, actor=stage.actor(REGULATOR))
    assert scope is not None
    bundle = operations.request_bundle(scope=scope, at=stage.tick())

    with pytest.raises(Unavailable, match="recall: not anchored"):
        operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)

    anchoring.sequence(at=stage.tick())
    operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)
    bundle.refresh_from_db()
    assert checked(bundle).lots


def test_an_erased_history_is_refused_with_its_reason(stage: Stage) -> None:
    goods = spread(stage)
    ref = goods.ship(packs(serials(1, start=40)))
    anchoring.sequence(at=stage.tick())
    with transaction.atomic():
        erase_vault(statement_id=ref, erased_by="0" * 64)
    scope = lot_of(stage, REGULATOR)
    assert scope is not None
    bundle = operations.request_bundle(scope=scope, at=stage.tick())

    done = operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)

    bundle.refresh_from_db()
    assert done == {"refused": 1}
    assert view_of(bundle).is_failed
    assert bundle.fault.startswith("history erased")
    assert not folder_of(bundle).exists()


def test_the_sweep_takes_what_is_old_and_what_nobody_knows(stage: Stage) -> None:
    spread(stage)
    bundle = built(stage, lot_of(stage, REGULATOR))
    path = path_of(bundle)
    stray = path.with_name(f"{'0' * 32}.zip")
    stray.write_bytes(b"x")
    os.utime(stray, (0, 0))

    kept = operations.sweep_bundles(at=stage.tick())
    gone = operations.sweep_bundles(at=stage.at + timedelta(hours=25))

    assert kept == {"removed": 0, "files": 1}
    assert gone == {"removed": 1, "files": 0}
    assert not path.exists()
    assert not Bundle.objects.exists()
