"""`manage.py serve`: everything with one command, and nothing left after it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answer(url: str, *, within_seconds: float) -> tuple[int, str]:
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.status, response.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()]


def renewed_children(pid: int, killed: set[int]) -> list[int]:
    """The children of `pid` once none of `killed` is among them."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = children(pid)
        if len(found) == len(killed) and killed.isdisjoint(found):
            return found
        time.sleep(0.1)
    raise AssertionError("the children were not started again")


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(port: int) -> subprocess.Popen[bytes]:
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        environment = {**kept, "VAR_DIR": str(tmp_path / "var"), "DEMO": "0"}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


def test_a_bare_machine_gets_a_site_that_survives_its_children(serve):
    port = free_port()
    process = serve(port)
    url = f"http://127.0.0.1:{port}"
    status, text = answer(f"{url}/health", within_seconds=60)
    web, jobs = children(process.pid)
    os.kill(web, signal.SIGKILL)
    os.kill(jobs, signal.SIGKILL)
    renewed = renewed_children(process.pid, {web, jobs})
    again, _text = answer(f"{url}/accounts/login/", within_seconds=30)
    process.send_signal(signal.SIGINT)

    assert process.wait(20) == 0
    assert (status, again) == (200, 200)
    assert '"database":{"status":"pass","detail":"sqlite"}' in text
    assert [is_alive(pid) for pid in renewed] == [False] * len(renewed)


def test_the_second_start_keeps_the_data_and_is_quick(serve, tmp_path):
    port = free_port()
    first = serve(port)
    answer(f"http://127.0.0.1:{port}/health", within_seconds=60)
    secret = (tmp_path / "var/secrets/django_secret_key").read_text()
    first.terminate()
    first.wait(20)

    begun = time.monotonic()
    serve(port)
    answer(f"http://127.0.0.1:{port}/health", within_seconds=20)

    assert time.monotonic() - begun < 20
    assert (tmp_path / "var/secrets/django_secret_key").read_text() == secret
