"""What the ground's tests share."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """Coverage looks away from a file whose cases run the same lines by the thousand.

    Traced they take three times as long, and show no line that the others do not.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)
