"""A log of its own for every test: folder, lock store, keys."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.anchoring import operations
from apps.edge import secrets
from tests.anchoring.network import Network
from tests.anchoring.tsa import authority, services

__all__ = ["authority", "services"]


@pytest.fixture(autouse=True)
def log(settings: Any, tmp_path: Path) -> Path:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    secrets.create_missing()
    return tmp_path / "log"


@pytest.fixture
def network(settings, tmp_path, log) -> Iterator[Network]:
    settings.WITNESS_POLICY = tmp_path / "witness-policy"
    settings.WITNESS_POLICY_REQUIRED = True
    network = Network(tmp_path, settings.WITNESS_POLICY)
    operations._CONFIRMED.clear()
    yield network
    for one in network.all:
        one.end()


@pytest.fixture
def now() -> datetime:
    """Authorities read the clock of this machine: tests of them do too."""
    return timezone.now()
