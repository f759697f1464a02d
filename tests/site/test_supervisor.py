"""The supervisor: what dies starts again, and nothing outlives it."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.site.serving import is_alive as is_running

ROOT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 60  # for what takes a moment where nothing else runs

# Runs the supervisor in a process of its own, since it takes over the signals.
PROGRAM = """
import sys
from pathlib import Path
from pharmatrace.supervisor import Supervisor

supervisor = Supervisor(say=lambda line: print(line, flush=True), folder=Path("."))
for number, code in enumerate(sys.argv[1:]):
    supervisor.add(f"child {number}", [sys.executable, "-c", code])
supervisor.run()
"""
SLEEPER = """
import os, pathlib, time
pathlib.Path({path!r}).open("a").write(f"{{os.getpid()}}\\n")
time.sleep(600)
"""
# Deaf to a polite end, as a worker in the middle of something is.
PARENT = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
note = pathlib.Path({path!r}).open("a")
print(os.getpid(), file=note, flush=True)
if os.fork() == 0:
    print(os.getpid(), file=note, flush=True)
time.sleep(600)
"""


@pytest.fixture
def supervise(tmp_path):
    started = []

    def start(*codes: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(textwrap.dedent, codes)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def pids(path: Path, wanted: int) -> list[int]:
    """The process ids written to `path`, once there are `wanted`."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        found = path.read_text().split() if path.exists() else []
        if len(found) >= wanted:
            return [int(pid) for pid in found]
        time.sleep(0.05)
    raise AssertionError(f"{wanted} starts were wanted")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_dead_child_starts_again(supervise, tmp_path):
    notes = tmp_path / "pids"
    supervise(SLEEPER.format(path=str(notes)))

    os.kill(pids(notes, 1)[0], signal.SIGKILL)

    first, second = pids(notes, 2)
    assert not is_alive(first)
    assert is_alive(second)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_every_child_ends_with_the_supervisor(supervise, tmp_path, number):
    notes = [tmp_path / "a", tmp_path / "b"]
    process = supervise(*(SLEEPER.format(path=str(note)) for note in notes))
    children = [pids(note, 1)[0] for note in notes]

    process.send_signal(number)

    assert process.wait(LIMIT_SECONDS) == 0
    assert [is_alive(pid) for pid in children] == [False, False]


def test_a_child_that_keeps_dying_is_started_less_and_less_often(supervise):
    process = supervise("raise SystemExit(3)")
    lines = [process.stdout.readline() for _ in range(3)]

    assert [line.rsplit("in ")[-1].strip() for line in lines] == ["1 s", "2 s", "4 s"]
    assert "child 0 ended with 3" in lines[0]


def is_group_alive(group: int) -> bool:
    """Whether a process of the group runs; a few moments are allowed."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        members = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
        if not any(is_running(pid) and group_of(pid) == group for pid in members):
            return False
        time.sleep(0.05)
    return True


def group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def has_ended(*pids: int) -> bool:
    """Whether none of `pids` runs a moment later."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_running, pids))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_what_a_child_started_ends_before_its_next_start(supervise, tmp_path, number):
    notes = tmp_path / "pids"
    supervise(PARENT.format(path=str(notes)))
    first, grandchild = pids(notes, 2)

    os.kill(first, number)

    second, *_ = pids(notes, 4)[2:]
    assert has_ended(first, grandchild)
    assert is_running(second)


def test_a_killed_supervisor_leaves_nobody_behind(supervise, tmp_path):
    notes = [tmp_path / "a", tmp_path / "b"]
    process = supervise(*(PARENT.format(path=str(note)) for note in notes))
    descendants = [pid for note in notes for pid in pids(note, 2)]
    groups = {os.getpgid(pid) for pid in descendants}

    process.kill()

    assert has_ended(*descendants)
    assert [group for group in groups if is_group_alive(group)] == []
