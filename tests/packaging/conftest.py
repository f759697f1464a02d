import pytest

from tests.cast import NOVAMED
from tests.intake.conftest import keyring, world
from tests.packaging.line import Line

__all__ = ["keyring", "world"]


@pytest.fixture
def line(world):
    """Novamed's packaging line."""
    return Line(world)


@pytest.fixture
def nora(world, client):
    """Novamed's admin in her browser."""
    client.force_login(world.stage.actor(NOVAMED).user)
    return client
