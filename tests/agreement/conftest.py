"""Both verifiers, asked alike."""

from collections.abc import Iterator

import pytest

from tests.agreement.engine import Engine, shared_engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    yield shared_engine()
    shared_engine().close()
    shared_engine.cache_clear()
