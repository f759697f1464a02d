"""Rest for Python's search for cycles while much is made that has none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search() -> Iterator[None]:
    """Until the end nobody looks for cycles; for bounded work on plain values.

    The search is set off by the number of new objects and goes through all there are:
    a tenth of a second, for every other run of 20,000 leaves, where nothing is found.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
