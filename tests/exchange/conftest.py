from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.cast import NOVAMED, TRANSPHARM, Stage, keyring
from tests.journeys.api_client import ApiClient

__all__ = ["keyring"]


@pytest.fixture(autouse=True)
def _no_earlier_calls():
    cache.clear()


@pytest.fixture
def live(db, keyring):
    """The cast on a ledger whose clock is the real one, as the API reads it."""
    return play(Stage(keyring, timezone.now() - timedelta(minutes=1)))


def play(stage):
    """Open the ledger; admit and license a maker and a wholesaler."""
    stage.open_ledger()
    for player in (NOVAMED, TRANSPHARM):
        stage.admit(player)
        stage.license(player)
    return stage


@pytest.fixture
def novamed(live):
    return ApiClient.of(live, NOVAMED)


@pytest.fixture
def transpharm(live):
    return ApiClient.of(live, TRANSPHARM)
