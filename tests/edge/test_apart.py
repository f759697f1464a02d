"""A call in a process of its own: its answer, its errors, and that none outlives us."""

import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.core.errors import MalformedInput
from apps.core.serials import serials_root
from apps.edge import apart as module
from apps.edge.apart import apart

FILE = {
    "gtin": "09521568000030",
    "base": 1_000,
    "serials": [f"S{number:06}" for number in range(30_000)],
}
SEED = bytes(range(32))
# A caller that says the number of the other process, and waits for its own end.
CALLER = """
import sys, time
from apps.core.serials import serials_root
from apps.edge import apart

start = apart.subprocess.Popen

def started(*args, **options):
    process = start(*args, **options)
    print(process.pid, flush=True)
    return process

apart.subprocess.Popen = started
serials = [f"S{number:07}" for number in range(200_000)]
given = {"seed": bytes(32), "gtin": "09521568000030", "base": 0, "serials": serials}
with apart.apart(serials_root, **given):
    time.sleep(60)
"""


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    found = []
    start = subprocess.Popen

    def note(*args, **options):
        found.append(start(*args, **options))
        return found[-1]

    monkeypatch.setattr(module.subprocess, "Popen", note)
    return found


def root(*, seed=SEED):
    with apart(serials_root, seed=seed, **FILE) as answer:
        return answer()


def test_its_answer_is_the_callers_own(started):
    assert root() == serials_root(seed=SEED, **FILE)
    assert len(started) == 1


def test_what_it_raises_is_raised_where_the_answer_is_asked_for():
    with pytest.raises(MalformedInput, match="bad length") as refused:
        root(seed=b"short")

    with pytest.raises(MalformedInput) as expected:
        serials_root(seed=b"short", **FILE)
    assert vars(refused.value) == vars(expected.value)


def _hashed_in_a_daemon(told):
    told.put(root())


def test_a_worker_that_may_have_no_children_has_its_answer():
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    worker = context.Process(target=_hashed_in_a_daemon, args=(told,), daemon=True)
    worker.start()

    assert told.get(timeout=60) == serials_root(seed=SEED, **FILE)
    worker.join()


def test_a_process_that_was_killed_gives_no_answer(started):
    with apart(serials_root, seed=SEED, **FILE) as answer:
        started[0].kill()
        with pytest.raises(ChildProcessError, match="-9"):
            answer()


def test_who_leaves_early_leaves_no_process_behind(started):
    with (
        pytest.raises(LookupError),
        apart(serials_root, seed=SEED, **FILE),
    ):
        raise LookupError

    assert started[0].returncode == -signal.SIGKILL


def test_a_caller_that_is_killed_leaves_no_process_behind():
    with subprocess.Popen(
        [sys.executable, "-c", CALLER], stdout=subprocess.PIPE, text=True
    ) as caller:
        other = int(caller.stdout.readline())
        caller.kill()

    until = time.monotonic() + 60
    while _lives(other):
        assert time.monotonic() < until
        time.sleep(0.05)


def _lives(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # gone, and nobody asked how
