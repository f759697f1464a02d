import pytest

from tests.cast import NOVAMED
from tests.intake.conftest import keyring, world
from tests.packaging.line import Line

__all__ = ["keyring", "world"]


@pytest.fixture
def line(world, settings, tmp_path):
    """Novamed's packaging line."""
    settings.PACKAGING_DIR = tmp_path / "packaging"
    return Line(world)


@pytest.fixture
def nora(world, client):
    """Novamed's admin in her browser."""
    client.force_login(world.stage.actor(NOVAMED).user)
    return client
