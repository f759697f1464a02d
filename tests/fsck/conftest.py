"""A small true ledger, logged and published, that the tests then falsify."""

from pathlib import Path
from typing import Any

import pytest

from apps.anchoring import operations
from tests.cast import STELLA, Stage, keyring, ledger, stage

__all__ = ["keyring", "ledger", "stage"]


@pytest.fixture
def log(settings: Any, tmp_path: Path) -> Path:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    return tmp_path / "log"


@pytest.fixture
def story(log: Path, stage: Stage) -> Stage:
    """The demo's partners and products, under two checkpoints."""
    operations.sequence(at=stage.tick())
    stage.license(STELLA, to="2040-01-01")
    operations.sequence(at=stage.tick())
    return stage
