"""The cast, with a log of its own."""

from pathlib import Path
from typing import Any

import pytest

from tests.cast import keyring, ledger, stage

# What helpers assert is shown as in a test: got and wanted.
for _name in ("network", "recalling", "labelling"):
    pytest.register_assert_rewrite(f"tests.journeys.{_name}")

__all__ = ["keyring", "ledger", "stage"]


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> Path:
    """Files of the log, the lock store and uploads belong to this test alone."""
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return tmp_path
