"""Where the time of a run goes: named functions, timed while they do their work."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from operator import attrgetter
from unittest import mock

Place = tuple[str, str, str]  # phase, module, function or Class.method


@contextmanager
def spans(places: Sequence[Place]) -> Iterator[dict[str, float]]:
    """Seconds by phase, filled in while the block runs.

    What is called within another phase counts for its own phase alone.
    """
    taken: dict[str, float] = defaultdict(float)
    clock = _Clock(taken)
    with ExitStack() as stack:
        for phase, module, name in places:
            work = attrgetter(name)(import_module(module))
            stack.enter_context(
                mock.patch(f"{module}.{name}", _timed(clock, phase, work))
            )
        yield taken


class _Clock:
    """Gives each moment to the innermost phase that runs."""

    def __init__(self, taken: dict[str, float]) -> None:
        self._taken, self._open, self._since = taken, [], 0.0

    def enter(self, phase: str) -> None:
        self._count()
        self._open.append(phase)

    def leave(self) -> None:
        self._count()
        self._open.pop()

    def _count(self) -> None:
        now = time.perf_counter()
        if self._open:
            self._taken[self._open[-1]] += now - self._since
        self._since = now


def _timed(clock, phase, work):
    def run(*args, **kwargs):
        clock.enter(phase)
        try:
            return work(*args, **kwargs)
        finally:
            clock.leave()

    return run
