"""One question to somebody else's machine is over when its time is, whatever comes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from apps.anchoring.clients.http import Question, ask, is_url
from apps.core.errors import Unavailable


@contextmanager
def trickling(start: bytes) -> Iterator[str]:
    """A server that begins so, and goes on a byte at a time until it is left."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                connection.sendall(start)
                while True:
                    connection.sendall(b"a")
                    time.sleep(0.05)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join()


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"", id="status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: ", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="body"),
    ],
)
def test_a_trickle_does_not_stretch_the_time(start):
    with trickling(start) as url:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="witness silent"):
            ask(Question("GET", url, 0.5, 0.5, 1_000_000), code="witness_silent")

        assert time.monotonic() - began < 60.0  # it would not end at all


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://tsa.example/stamp", True),
        ("http://127.0.0.1:1", True),
        ("ftp://tsa.example", False),
        ("https://", False),
        ("tsa.example", False),
        ("http://tsa.example:port", False),
        ("", False),
    ],
)
def test_what_can_be_asked(url, is_good):
    assert is_url(url) is is_good
