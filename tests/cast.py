"""The cast of the tests: the demo network's people, with real keys, on a fresh ledger.

Keys are made once a run; statements are signed and accepted for real in each test's
own transaction. `stage.act(NOVAMED, wish)` drafts, signs and submits.
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
    "keyring",
    "ledger",
    "stage",
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
    opened = Stage(keyring, START)
    opened.open_ledger()
    return opened


@pytest.fixture
def stage(ledger: Stage) -> Stage:
    """Everybody admitted and licensed, two products registered."""
    for player in TRADERS:
        ledger.admit(player)
        ledger.license(player)
    ledger.register(NOVAMED, AMOXIL)
    ledger.register(NOVAMED, CARDIOL)
    return ledger
