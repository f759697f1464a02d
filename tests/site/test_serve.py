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
    deadline = time.monotonic() + 120
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


def test_a_bare_machine_gets_a_site_that_survives_its_children(serve, tmp_path):
    port = free_port()
    process = serve(port)
    url = f"http://127.0.0.1:{port}"
    status, text = answer(f"{url}/health", within_seconds=120)
    secret = (tmp_path / "var/secrets/django_secret_key").read_text()
    web, jobs = children(process.pid)
    before = list_processes(tmp_path / "var")
    limit, begun = allowed_seconds(15), time.monotonic()

    os.kill(web, signal.SIGKILL)
    os.kill(jobs, signal.SIGKILL)
    renewed = renewed_children(process.pid, {web, jobs})
    answer(f"{url}/health", within_seconds=limit)
    assert time.monotonic() - begun < limit
    again, _text = answer(f"{url}/accounts/login/", within_seconds=60)
    assert set(before) & set(list_processes(tmp_path / "var")) == {process.pid}
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0
    assert (status, again) == (200, 200)
    assert '"database":{"status":"pass","detail":"sqlite"}' in text
    assert [is_alive(pid) for pid in renewed] == [False] * len(renewed)
    _verify_second_start(serve, port, tmp_path / "var", secret)


def _verify_second_start(serve, port: int, var_dir: Path, secret: str) -> None:
    """It is quick, keeps the data, and dies with its supervisor."""
    limit, begun = allowed_seconds(20), time.monotonic()
    second = serve(port)
    answer(f"http://127.0.0.1:{port}/health", within_seconds=limit)

    assert time.monotonic() - begun < limit
    assert (var_dir / "secrets/django_secret_key").read_text() == secret
    wait_for(lambda: len(list_processes(var_dir)) >= 6, within_seconds=120)

    second.kill()
    second.wait()

    wait_for(lambda: not list_processes(var_dir), within_seconds=60)
    # A process that is ending loses its environment before its sockets.
    wait_for(lambda: is_free(port), within_seconds=60)
