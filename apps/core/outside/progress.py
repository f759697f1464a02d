"""How far something is, as one line that is written over itself."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

_WIDTH: Final = 24
_EVERY_SECONDS: Final = 0.2


class Progress:
    """A bar on a terminal; elsewhere nothing, for a log wants no bar.

    Args:
        what: the first word of the line, "sent".
        unit: what is counted, "rows".
        since: what was done before, and says nothing of the rate.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        what: str,
        unit: str,
        *,
        since: int = 0,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._unit, self._since = what, unit, since
        self._out = sys.stderr if out is None else out
        self._clock = clock
        self._begun = self._clock()
        self._shown = self._begun - _EVERY_SECONDS
        self._width = 0

    def show(self, done: int, total: int | None) -> None:
        """Write the line anew, not more often than an eye follows."""
        now = self._clock()
        if not self._out.isatty() or now - self._shown < _EVERY_SECONDS:
            return
        self._shown = now
        rate = (done - self._since) / max(now - self._begun, 1e-9)
        self._write(line(self._what, self._unit, done, total, rate))

    def end(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")
            self._out.write("\r")
            self._out.flush()

    def _write(self, text: str) -> None:
        self._out.write("\r" + text.ljust(self._width))
        self._out.flush()
        self._width = len(text)


def line(what: str, unit: str, done: int, total: int | None, rate: float) -> str:
    """What is done, how fast, and how long it will take; without guessing."""
    if not total:
        return f"{what} {done:,} {unit}"
    filled = _WIDTH * min(done, total) // total
    bar = "#" * filled + "." * (_WIDTH - filled)
    text = f"{what} [{bar}] {done:,} of {total:,} {unit}"
    if rate <= 0:
        return text
    return f"{text}, {rate:,.0f}/s, {(total - done) / rate:,.0f} s left"
