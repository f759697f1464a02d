import pytest
from django.core.cache import cache

from tests.cast import NOVAMED, TRANSPHARM, keyring
from tests.frozen import play_now
from tests.journeys.api_client import ApiClient

__all__ = ["keyring"]


@pytest.fixture(autouse=True)
def _no_earlier_calls():
    cache.clear()


@pytest.fixture
def live(db, keyring):
    """A maker and a wholesaler on a ledger whose clock is the real one, as the API's."""
    return play_now("two partners", keyring, _admit)


def _admit(stage):
    stage.open_ledger()
    for player in (NOVAMED, TRANSPHARM):
        stage.admit(player)
        stage.license(player)


@pytest.fixture
def novamed(live):
    return ApiClient.of(live, NOVAMED)


@pytest.fixture
def transpharm(live):
    return ApiClient.of(live, TRANSPHARM)
