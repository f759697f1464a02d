"""The cast of the tests: the demo network's people, with real keys, on a fresh ledger.

Keys are made once a run; statements are signed and accepted for real, those of the
fixtures once a process (tests/frozen.py). `stage.act(NOVAMED, wish)` drafts, signs and
submits.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.edge import secrets
from pharmatrace.demo.cast import (
    AMOXIL,
    CARDIOL,
    LINDE,
    MARKT,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    STELLA,
    TRADERS,
    TRANSPHARM,
)
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from tests.frozen import play, play_now

__all__ = [
    "AMOXIL",
    "CARDIOL",
    "LINDE",
    "MARKT",
    "NOVAMED",
    "OPERATOR",
    "REGULATOR",
    "START",
    "STELLA",
    "TRANSPHARM",
    "Stage",
    "admit_all",
    "admit_traders",
    "keyring",
    "ledger",
    "stage",
    "stage_of_today",
]

START = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """The partners' keys, one set a run; the site's own secrets exist too."""
    secrets.create_missing()
    return Keyring(Path(tmp_path_factory.mktemp("keys")))


@pytest.fixture
def ledger(db: None, keyring: Keyring) -> Stage:
    """A ledger that is open, and nobody admitted yet."""
    return play("a ledger", keyring, START, _open)


@pytest.fixture
def stage(db: None, keyring: Keyring) -> Stage:
    """Everybody admitted and licensed, two products registered."""
    return play("the cast", keyring, START, admit_all)


def _open(stage: Stage) -> None:
    stage.open_ledger()


def admit_all(stage: Stage) -> None:
    """From genesis to two registered products."""
    admit_traders(stage)
    stage.register(NOVAMED, CARDIOL)


def stage_of_today(keyring: Keyring) -> Stage:
    """The cast as of now, with one product: what doors draft is dated today."""
    return play_now("traders and a product", keyring, admit_traders)


def admit_traders(stage: Stage) -> None:
    stage.open_ledger()
    for player in TRADERS:
        stage.admit(player)
        stage.license(player)
    stage.register(NOVAMED, AMOXIL)
