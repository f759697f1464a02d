"""A bundle of the real site: asked for, built, checked by the outsider's verifier."""

from collections import Counter
from typing import Any

import pytest

from apps.anchoring import operations as anchoring
from apps.anchoring import queries as log
from apps.core.bundle.head import Demands
from apps.core.bundle.report import Report
from apps.core.bundle.verify import verify_bundle
from apps.core.policy import Policy
from apps.edge import secrets
from apps.ledger import queries as ledger
from apps.recalls import operations
from apps.recalls.models import Bundle
from apps.recalls.queries.bundles import (
    Scope,
    path_of,
    scope_of_lot,
)
from pharmatrace.demo.cast import (
    AMOXIL,
    Player,
)
from pharmatrace.demo.stage import Stage


@pytest.fixture
def own_folders(settings: Any, tmp_path: Any) -> None:
    settings.BUNDLE_DIR = tmp_path / "bundles"
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"


def built(stage: Stage, scope: Scope | None) -> Bundle:
    """The bundle of a scope, asked for and built."""
    anchoring.sequence(at=stage.tick())
    assert scope is not None
    bundle = operations.request_bundle(scope=scope, at=stage.tick())
    operations.build_bundle(bundle_id=bundle.pk, clock=stage.tick)
    bundle.refresh_from_db()
    assert bundle.fault == ""
    return bundle


def lot_of(stage: Stage, player: Player, lot: str = "A1") -> Scope | None:
    return scope_of_lot(gtin=AMOXIL.gtin, lot=lot, actor=stage.actor(player))


def demands(**more: Any) -> Demands:
    policy = log.read_policy()
    assert policy is not None
    return Demands(Policy.parse(policy), ledger.get_leaf(0).statement_id or "", **more)


def checked(bundle: Bundle, **more: Any) -> Report:
    with path_of(bundle).open("rb") as file:
        return verify_bundle(file, demands(tag_key=secrets.tag_key(), **more))


def places(report: Report, lot: str = "A1") -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    (wanted,) = [each for each in report.lots if each.lot == lot]
    for place in wanted.places:
        found[place.gln, place.status] += place.count
    return found
