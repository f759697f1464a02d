"""How far a check has come, for a person who waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

# (stage, done, total), every now and then.
Tick: TypeAlias = Callable[[str, int, int], None]
_WIDTH: Final = 24
_PAUSE_SECONDS: Final = 0.2


def silent(_stage: str, _done: int, _total: int) -> None:
    """Nobody waits."""


class _Writer(Protocol):
    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


@dataclass(slots=True)
class Bar:
    """A line on a terminal that is written over: stage, bar, rate, time left."""

    out: _Writer
    clock: Callable[[], float] = time.monotonic
    _stage: str = ""
    _started: float = 0.0
    _shown: float = field(default=float("-inf"))

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far `stage` is; a few times a second at most."""
        now = self.clock()
        if stage != self._stage:
            self._stage, self._started = stage, now
        if now - self._shown < _PAUSE_SECONDS and done < total:
            return
        self._shown = now
        rate = done / max(now - self._started, 1e-3)
        full = _WIDTH * done // max(total, 1)
        left = (total - done) / rate if rate else 0.0
        self.out.write(
            f"\r\x1b[K{stage} [{'#' * full}{' ' * (_WIDTH - full)}]"
            f" {done:,} of {total:,}, {rate:,.0f}/s, {left:.0f} s left"
        )
        self.out.flush()

    def clear(self) -> None:
        """Leave the line empty, for a finding or the end."""
        self.out.write("\r\x1b[K")
        self.out.flush()
