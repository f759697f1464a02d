"""The public files of a log over HTTP: bounded, without redirects, connections kept."""

from __future__ import annotations

import http.client
import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import SplitResult, urlsplit

from ..errors import MalformedInput, Unavailable

_SOCKET_SECONDS: Final = 20
# Whoever trickles a file byte by byte keeps us no longer than this.
_ANSWER_SECONDS: Final = 60
_CHUNK_BYTES: Final = 1 << 16
# A far log answers slowly, not seldom: a few files at a time hide the way there.
_AT_ONCE: Final = 4
_WANTED: Final = "https://host/log, where checkpoint is served"


class LogFiles(Protocol):
    """Where a log's files are read: a name below its prefix, and how long it may be."""

    def get_many(self, wanted: Sequence[tuple[str, int]]) -> list[bytes | None]:
        """The files in the order asked for; None for one that is not there."""
        ...


class HttpLog:
    """The log at `url`, the address under which `checkpoint` is served.

    Raises:
        MalformedInput: `bad_address`: not http or https, or more than host and path.
    """

    def __init__(self, url: str) -> None:
        parts = _parse(url)
        self._is_tls = parts.scheme == "https"
        self._place = parts.netloc
        self._prefix = parts.path.rstrip("/")
        self._idle: queue.SimpleQueue[http.client.HTTPConnection] = queue.SimpleQueue()
        self._pool = ThreadPoolExecutor(_AT_ONCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()

    def get_many(self, wanted: Sequence[tuple[str, int]]) -> list[bytes | None]:
        """The files, a few at a time.

        Raises:
            MalformedInput: `too_large`.
            Unavailable: `no_answer`: nobody answers, or neither 200 nor 404.
        """
        return list(self._pool.map(lambda each: self._get(*each), wanted))

    def _get(self, name: str, most_bytes: int) -> bytes | None:
        try:
            with self._connection() as connection:
                answer = _ask(connection, f"{self._prefix}/{name}")
                if answer.status == HTTPStatus.OK:
                    return _read(answer, name, most_bytes)
                # What else it says is of no use, and may be long.
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            said = f"{type(error).__name__} {error}"
            raise Unavailable("no_answer", field=name, got=said) from error
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        # A redirect is one of these: another host might serve another log.
        raise Unavailable("no_answer", field=name, got=answer.status, wanted="200")

    @contextmanager
    def _connection(self) -> Iterator[http.client.HTTPConnection]:
        """One that is idle or a new one; kept only if its answer was read to the end."""
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            kind = (
                http.client.HTTPSConnection
                if self._is_tls
                else http.client.HTTPConnection
            )
            connection = kind(self._place, timeout=_SOCKET_SECONDS)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)


def _ask(connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
    is_used = connection.sock is not None
    try:
        connection.request("GET", path)
        return connection.getresponse()
    except (http.client.RemoteDisconnected, ConnectionError):
        connection.close()
        if not is_used:
            raise
        # The server had closed a connection that was idle: that says nothing.
        connection.request("GET", path)
        return connection.getresponse()


def _read(answer: http.client.HTTPResponse, name: str, most_bytes: int) -> bytes:
    end = time.monotonic() + _ANSWER_SECONDS
    parts: list[bytes] = []
    left = most_bytes + 1
    while left and (part := answer.read(min(left, _CHUNK_BYTES))):
        parts.append(part)
        left -= len(part)
        if time.monotonic() > end:
            raise TimeoutError(f"not read within {_ANSWER_SECONDS} s")
    if not left:
        raise MalformedInput(
            "too_large", field=name, wanted=f"at most {most_bytes} bytes"
        )
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    return b"".join(parts)


def _parse(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_plain = parts.port is None or parts.port > 0
    except ValueError as error:
        raise MalformedInput("bad_address", got=url, wanted=_WANTED) from error
    is_plain = is_plain and not ("@" in parts.netloc or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
        raise MalformedInput("bad_address", got=url, wanted=_WANTED)
    return parts
