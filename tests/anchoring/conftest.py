"""A log of its own for every test: folder, lock store, keys."""

from pathlib import Path
from typing import Any

import pytest

from apps.edge import secrets


@pytest.fixture(autouse=True)
def log(settings: Any, tmp_path: Path) -> Path:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    secrets.create_missing()
    return tmp_path / "log"
