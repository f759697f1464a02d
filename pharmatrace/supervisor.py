"""Keeps child processes running: restarts what dies, ends all of them together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_GUARD = Path(__file__).with_name("guard.py")
_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 12.0
_LONGEST_PAUSE_SECONDS = 30.0
_STABLE_SECONDS = 30.0  # a child that lived this long starts with a short pause again


@dataclass(slots=True)
class _Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Runs named commands until SIGINT or SIGTERM.

    Each child leads a process group of its own. What it started ends with it, before
    its next start, and every group ends with the supervisor, even if that is killed.

    Args:
        say: where one line an event goes.
        folder: where the children run.
    """

    say: Callable[[str], object]
    folder: Path
    _children: list[_Child] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    # (reading, writing); children inherit the reading end and see it close with us.
    _pipe: tuple[int, int] = field(default_factory=os.pipe)

    def add(self, name: str, command: Sequence[str]) -> None:
        """Run `command` under `name` from `run` on."""
        self._children.append(_Child(name, command))

    def stop(self) -> None:
        """Let `run` end; safe in a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Start all, watch, and return when every child has ended."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop())
        try:
            while not self._stop.is_set():
                for child in self._children:
                    self._look_after(child)
                self._stop.wait(_LOOK_SECONDS)
        finally:
            self._end_all()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            self._note_death(child, code, now)
        if now >= child.not_before:
            child.process = self._start(child.command)
            child.started = now

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        reading, _ = self._pipe
        guarded = [sys.executable, "-I", "-S", str(_GUARD), str(reading), *command]
        # A session of its own: Ctrl-C reaches us alone, and we end it in order.
        return subprocess.Popen(  # noqa: S603  # our own commands
            guarded, cwd=self.folder, start_new_session=True, pass_fds=(reading,)
        )

    def _note_death(self, child: _Child, code: int, now: float) -> None:
        # Its own children hold the port and the schedule; the next start wants both.
        _signal_session(child, signal.SIGKILL)
        is_stable = now - child.started >= _STABLE_SECONDS
        child.failures = 1 if is_stable else child.failures + 1
        pause = min(2.0 ** (child.failures - 1), _LONGEST_PAUSE_SECONDS)
        child.not_before = now + pause
        child.process = None
        self.say(f"{child.name} ended with {code}; it starts again in {pause:.0f} s")

    def _end_all(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            _signal_session(child, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        for child in running:
            if not _has_ended(child, deadline):
                self.say(f"{child.name} did not end in time and was killed")
            # What is left of the child's own session goes with it.
            _signal_session(child, signal.SIGKILL)


def _signal_session(child: _Child, number: signal.Signals) -> None:
    if child.process is None:
        return
    try:
        if number == signal.SIGTERM:
            child.process.terminate()
        else:
            os.killpg(child.process.pid, number)
    except ProcessLookupError:
        pass


def _has_ended(child: _Child, deadline: float) -> bool:
    if child.process is None:
        return True
    try:
        child.process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True
