"""The story that most chapters of the law are tried on."""

import pytest

from tests.core.custody.world import Story


@pytest.fixture
def story() -> Story:
    told = Story()
    told.commission(100)
    return told
