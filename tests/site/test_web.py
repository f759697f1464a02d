"""The web server as `serve` starts it: what it lets through, and what never."""

import http.client
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pharmatrace.management.commands.serve import _web
from tests.site.serving import ROOT, allowed_seconds, free_port, wait_for

_HEAD = b"GET /log/checkpoint HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One worker on an empty database: no answer here asks it anything."""
    var: Path = tmp_path_factory.mktemp("var")
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    number = free_port()
    server = subprocess.Popen(
        _web("127.0.0.1", number, 1),
        cwd=ROOT,
        env={**kept, "VAR_DIR": str(var), "PYTHONWARNINGS": "ignore"},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: _is_open(number), within_seconds=allowed_seconds(60))
        yield number
    finally:
        server.terminate()
        server.wait(60)


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def ask(port: int, more: bytes, head: bytes = _HEAD) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to exactly these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(head + more + b"\r\n")
        answer = http.client.HTTPResponse(link)
        answer.begin()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}


def test_a_header_cannot_be_slipped_in_under_another_spelling(port):
    """A proxy takes `X-Forwarded-Proto` away, not `X_Forwarded_Proto`."""
    said = ask(port, b"X-Request-ID: spelled-well\r\n")[1]
    slipped = ask(port, b"X_Request_ID: spelled-otherwise\r\n")[1]

    assert said["x-request-id"] == "spelled-well"
    assert "otherwise" not in slipped["x-request-id"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (b"X-Long: " + b"a" * 9_000 + b"\r\n", 431),
        (b"".join(b"X-%d: 1\r\n" % n for n in range(120)), 431),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Content-Length: 3\r\nContent-Length: 4\r\n", 400),
    ],
)
def test_heads_that_are_too_large_or_mean_two_things_are_refused(port, more, status):
    assert ask(port, more)[0] == status


def test_a_request_line_has_an_end(port):
    head = b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: localhost\r\n"

    assert ask(port, b"", head)[0] == 414


def test_a_large_body_is_refused_by_its_head(port):
    status, _ = ask(port, b"Content-Length: 999999999\r\n")

    assert status == 413
