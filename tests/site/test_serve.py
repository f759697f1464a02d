"""`manage.py serve`: everything with one command, and nothing left after it."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.site.serving import (
    allowed_seconds,
    answer,
    free_port,
    is_alive,
    list_processes,
    serve,
    wait_for,
)

__all__ = ["serve"]
pytestmark = pytest.mark.slow


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


def is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


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

    limit, begun = allowed_seconds(20), time.monotonic()
    serve(port)
    answer(f"http://127.0.0.1:{port}/health", within_seconds=limit)

    assert time.monotonic() - begun < limit
    assert (tmp_path / "var/secrets/django_secret_key").read_text() == secret


def test_nothing_outlives_a_killed_supervisor(serve, tmp_path):
    port = free_port()
    process = serve(port)
    answer(f"http://127.0.0.1:{port}/health", within_seconds=60)
    wait_for(lambda: len(list_processes(tmp_path / "var")) >= 6, within_seconds=60)

    process.kill()
    process.wait()

    wait_for(lambda: not list_processes(tmp_path / "var"), within_seconds=10)
    # A process that is ending loses its environment before its sockets.
    wait_for(lambda: is_free(port), within_seconds=5)


def test_a_killed_web_master_is_followed_at_once(serve, tmp_path):
    port = free_port()
    process = serve(port)
    url = f"http://127.0.0.1:{port}/health"
    answer(url, within_seconds=60)
    web, jobs = children(process.pid)
    limit, begun = allowed_seconds(15), time.monotonic()
    before = list_processes(tmp_path / "var")

    os.kill(web, signal.SIGKILL)
    os.kill(jobs, signal.SIGKILL)
    renewed_children(process.pid, {web, jobs})
    answer(url, within_seconds=limit)

    assert time.monotonic() - begun < limit
    assert set(before) & set(list_processes(tmp_path / "var")) == {process.pid}
