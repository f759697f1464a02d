"""The long-lived parent of a site's short-lived processes, as the tests see it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.architecture.sources import ROOT

KILLED = -9


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, and what it said or why it failed."""

    code: int
    said: Any


class Parent:
    """Forks a process an order; see `acts`.

    Args:
        environment: all that the site's processes inherit.
        prefix: a command that runs the parent, such as `faketime`.
    """

    def __init__(
        self, environment: Mapping[str, str], prefix: Sequence[str] = ()
    ) -> None:
        self._process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.faults.acts"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._answer() == {"ready": True}

    def start(self, deed: str, *words: Any, faults: Sequence[Any] = ()) -> int:
        """A process that waits at its gate; its id."""
        order = {"start": deed, "words": words, "faults": list(faults)}
        return int(self._order(order)["pid"])

    def go(self, pid: int) -> None:
        """Let it begin."""
        self._send({"go": pid})

    def wait(self, pid: int) -> Ended:
        """Wait for its end."""
        return Ended(**self._order({"wait": pid}))

    def run(self, deed: str, *words: Any, faults: Sequence[Any] = ()) -> Ended:
        """A process from its start to its end."""
        pid = self.start(deed, *words, faults=faults)
        self.go(pid)
        return self.wait(pid)

    def do(self, deed: str, *words: Any) -> Any:
        """What a process says that must not fail."""
        ended = self.run(deed, *words)
        assert ended.code == 0, f"{deed}: {ended.said}"
        return ended.said

    def end(self) -> None:
        """End the parent; it has no children by now."""
        self._process.communicate(timeout=20)

    def _order(self, order: Mapping[str, Any]) -> Any:
        self._send(order)
        return self._answer()

    def _send(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "The parent of the site's processes ended."
        return json.loads(line)
