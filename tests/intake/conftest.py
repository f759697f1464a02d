import pytest
from django.core.cache import cache

from tests.cast import AMOXIL, CARDIOL, NOVAMED, TRANSPHARM, keyring
from tests.frozen import play_now
from tests.intake.world import World
from tests.journeys.api_client import ApiClient

__all__ = ["keyring"]


@pytest.fixture
def world(db, keyring, settings, tmp_path):
    """Novamed with two products on a ledger whose clock is the real one."""
    cache.clear()
    settings.UPLOAD_DIR = tmp_path / "uploads"
    stage = play_now("two partners and two products", keyring, _register)
    return World(stage, ApiClient.of(stage, NOVAMED), settings.UPLOAD_DIR)


def _register(stage):
    stage.open_ledger()
    for player in (NOVAMED, TRANSPHARM):
        stage.admit(player)
        stage.license(player)
    stage.register(NOVAMED, AMOXIL)
    stage.register(NOVAMED, CARDIOL)
