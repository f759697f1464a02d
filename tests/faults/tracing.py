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
_FORBIDDEN: Final = re.compile(r"(?i)ptrace.*not (permitted|implemented)")
_ATTACH_SECONDS: Final = 120  # where everything else wants the processor too
_STUCK_SECONDS: Final = 1


class NotPermittedError(Exception):
    """This machine lets no process trace another; many containers do not."""


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
    """Run a deed under strace; how it ended and the calls it made.

    Raises:
        NotPermittedError: this machine lets no process trace another.
    """
    pid = site.parent.start(deed)
    told = tmp_path / "strace"
    names = ",".join(f"?{name}" for name in CALLS)
    chosen = [
        part for option in (f"trace={names}", *options) for part in ("-e", option)
    ]
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-o", told, *chosen, "-p", str(pid)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _await_tracer(tracer, pid)
    except Exception:
        _kill(pid)
        site.parent.wait(pid)
        raise
    else:
        site.parent.go(pid)
        with _ending_if_stuck(pid, told):
            ended = site.parent.wait(pid)
    finally:
        tracer.communicate(timeout=_ATTACH_SECONDS)
    return ended, told.read_text().splitlines()


def _await_tracer(tracer: subprocess.Popen[str], pid: int) -> None:
    deadline = time.monotonic() + _ATTACH_SECONDS
    while "\nTracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        if tracer.poll() is not None:
            assert tracer.stderr is not None
            said = tracer.stderr.read()
            raise (NotPermittedError if _FORBIDDEN.search(said) else RuntimeError)(said)
        assert time.monotonic() < deadline, "strace did not attach"
        time.sleep(0.005)


@contextmanager
def _ending_if_stuck(pid: int, told: Path) -> Iterator[None]:
    """Kill a process that stands still after it was struck.

    Where a message could not be sent over a connection that stands, PostgreSQL's client
    waits for its answer for ever; the time limit of the site's task ends it then.
    """
    is_over = Event()

    def watch() -> None:
        since, last = time.monotonic(), ""
        while not is_over.wait(0.1):
            now = _told_of(pid)
            if now != last or "INJECTED" not in told.read_text():
                since, last = time.monotonic(), now
            elif time.monotonic() - since > _STUCK_SECONDS:
                _kill(pid)

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


def _told_of(pid: int) -> str:
    """A process's state and what it has had of the processor; "" once it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return " ".join((fields[0], *fields[11:13]))


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
