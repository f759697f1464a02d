"""Faults below the site: strace ends a process, or fails it, at one system call.

The traced process waits at its gate until the tracer is there, so calls are counted
from the deed's first on. What a deed does is the same each time it begins from the same
files and rows: the calls of one run are the points of the next.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final

from tests.faults.process import Ended
from tests.faults.site import Site

# Durable steps are made of these; a machine that lacks one has the other spelling.
CALLS: Final = (
    *("write", "pwrite64", "fsync", "fdatasync", "sendto"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat"),
)
EFFECTS: Final = ("signal=SIGKILL", "error=EIO")
_CALL: Final = re.compile(r"^\d+ +(\w+)\(")
_ATTACH_SECONDS: Final = 20
_STUCK_SECONDS: Final = 1


@dataclass(frozen=True)
class Point:
    """The n-th call of a name, and what is to happen instead of it."""

    name: str
    number: int
    effect: str
    shown: str

    def __str__(self) -> str:
        return f"{self.effect} at {self.name} {self.number}: {self.shown}"

    @property
    def option(self) -> str:
        """The point as strace takes it."""
        return f"inject={self.name}:{self.effect}:when={self.number}"


def is_permitted() -> bool:
    """Whether this machine lets a process trace another; many containers do not."""
    tried = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, check=False
    )
    return tried.returncode == 0


def list_points(site: Site, tmp_path: Path, deed: str) -> list[Point]:
    """Every point of a deed, in the order of its calls, with both effects."""
    ended, lines = run_traced(site, tmp_path, deed)
    assert ended.code == 0, ended.said
    seen: Counter[str] = Counter()
    points = []
    for line in lines:
        called = _CALL.match(line)
        if called is None:
            continue
        name = called[1]
        seen[name] += 1
        if "<pipe:" not in line:  # its answer to the test is nobody's durable step
            shown = line[called.start(1) :][:100]
            points += [Point(name, seen[name], effect, shown) for effect in EFFECTS]
    return points


def run_traced(
    site: Site, tmp_path: Path, deed: str, *options: str
) -> tuple[Ended, Sequence[str]]:
    """Run a deed under strace; how it ended and the calls it made."""
    pid = site.parent.start(deed)
    told = tmp_path / "strace"
    names = ",".join(f"?{name}" for name in CALLS)
    chosen = [
        part for option in (f"trace={names}", *options) for part in ("-e", option)
    ]
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-o", told, *chosen, "-p", str(pid)],
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_tracer(pid)
        site.parent.go(pid)
        with _ending_if_stuck(pid, told):
            ended = site.parent.wait(pid)
    finally:
        tracer.wait(20)
    return ended, told.read_text().splitlines()


@contextmanager
def _ending_if_stuck(pid: int, told: Path) -> Iterator[None]:
    """Kill a process that stands still after it was struck.

    Where a message could not be sent over a connection that stands, PostgreSQL's client
    waits for its answer for ever; the time limit of the site's task ends it then.
    """
    is_over = Event()

    def watch() -> None:
        while not is_over.wait(0.1):
            if "INJECTED" in told.read_text() and not is_over.wait(_STUCK_SECONDS):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


def _await_tracer(pid: int) -> None:
    deadline = time.monotonic() + _ATTACH_SECONDS
    while "\nTracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline, "strace did not attach"
        time.sleep(0.005)
