"""One question over HTTP to somebody else's machine: bounded in time and size."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

import httpx

from apps.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how long and how large the whole answer may be.

    Args:
        seconds: a trickle of bytes does not stretch it.
    """

    method: str
    url: str
    seconds: float
    connect_seconds: float
    limit_bytes: int
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Budget:
    """Seconds that several questions share, from now on."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def take(self, *, most: float, code: str) -> float:
        """How long the next question may take.

        Raises:
            Unavailable: `code`: nothing is left.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise Unavailable(code, got="too slow as a whole")
        return min(most, left)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # reading the system's roots takes 30 ms


def ask(question: Question, *, code: str) -> tuple[int, bytes]:
    """The answer's status and body.

    Raises:
        Unavailable: `code`: none came in time, or too much.
    """
    until = time.monotonic() + question.seconds
    timeout = httpx.Timeout(question.seconds, connect=question.connect_seconds)
    try:
        # No proxies or credentials of the environment, no redirects elsewhere.
        with (
            httpx.Client(timeout=timeout, trust_env=False, verify=_tls()) as http,
            _closing_after(question.seconds, http),
            http.stream(
                question.method,
                question.url,
                content=question.body,
                headers=dict(question.headers),
            ) as response,
        ):
            answer = b""
            for part in response.iter_bytes():
                answer += part
                if len(answer) > question.limit_bytes or time.monotonic() > until:
                    raise Unavailable(code, got="too much or too slow")
            return response.status_code, answer
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise Unavailable(code, got=type(error).__name__) from error


@contextmanager
def _closing_after(seconds: float, http: httpx.Client) -> Iterator[None]:
    """Hang up when the time is over: httpx bounds each piece, headers have no end."""
    timer = threading.Timer(seconds, http.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def is_url(url: str) -> bool:
    """Whether it can be asked: http or https, with a host."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)
