"""Where headers of Bitcoin come from: a seam, and two sources.

The line `headers` of a table is a word and what belongs to it: `esplora URL`, `core URL
COOKIE`, or the dotted name of a function that takes the rest of the line, the folder of
the file and a `Budget`, and returns a `HeaderSource`.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from django.utils.module_loading import import_string

from apps.anchoring.clients.http import Budget, Question, ask, is_url
from apps.core.canonical import JsonValue, parse_json
from apps.core.encoding import decode_hex
from apps.core.errors import MalformedInput, Unavailable

_ANSWER_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
_MAX_ANSWER_BYTES: Final = 100_000
_HTTP_OK: Final = 200
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_HEIGHT: Final = re.compile(r"[0-9]{1,10}")
_HEADER_SIZE: Final = 80
_IN_HEX: Final = (False,)  # not taken apart into JSON


class HeaderSource(Protocol):
    """Somebody who knows Bitcoin's chain. What it says is checked as far as it can be."""

    def header(self, height: int) -> tuple[bytes, str]:
        """The 80 bytes of the block of this height in the longest chain; its hash.

        Raises:
            Unavailable, MalformedInput: it does not say.
        """
        ...

    def tip(self) -> int:
        """The height of the newest block.

        Raises:
            Unavailable, MalformedInput: it does not say.
        """
        ...


@dataclass(frozen=True, slots=True)
class Esplora:
    """The HTTP interface of Blockstream's Esplora, which others serve too."""

    url: str
    budget: Budget

    def header(self, height: int) -> tuple[bytes, str]:
        """See `HeaderSource`."""
        name = self._get(f"block-height/{height}", _HASH, "a hash")
        text = self._get(f"block/{name}/header", re.compile("[0-9a-f]*"), "a header")
        return decode_hex(text, size_bytes=_HEADER_SIZE, field="header"), name

    def tip(self) -> int:
        """See `HeaderSource`."""
        return int(self._get("blocks/tip/height", _HEIGHT, "a height"))

    def _get(self, path: str, form: re.Pattern[str], wanted: str) -> str:
        answer = _ask(self.budget, "GET", f"{self.url}/{path}", None, {})
        text = answer.decode("ascii", "replace").strip()
        if not form.fullmatch(text):
            raise MalformedInput("bad_answer", field=wanted, got=text, wanted=wanted)
        return text


@dataclass(frozen=True, slots=True)
class BitcoinCore:
    """A node of one's own, by JSON-RPC; it admits who can read its cookie."""

    url: str
    cookie: Path
    budget: Budget

    def header(self, height: int) -> tuple[bytes, str]:
        """See `HeaderSource`."""
        name = self._call("getblockhash", height)
        if not isinstance(name, str) or not _HASH.fullmatch(name):
            raise MalformedInput("bad_answer", field="hash", got=name, wanted="a hash")
        text = self._call("getblockheader", name, *_IN_HEX)
        if not isinstance(text, str):
            raise MalformedInput("bad_answer", field="header", got=text)
        return decode_hex(text, size_bytes=_HEADER_SIZE, field="header"), name

    def tip(self) -> int:
        """See `HeaderSource`."""
        height = self._call("getblockcount")
        if not isinstance(height, int) or isinstance(height, bool) or height < 0:
            raise MalformedInput("bad_answer", field="height", got=height)
        return height

    def _call(self, method: str, *params: JsonValue) -> JsonValue:
        asked = {"jsonrpc": "1.0", "id": 0, "method": method, "params": list(params)}
        answer = _ask(
            self.budget, "POST", self.url, json.dumps(asked).encode(), self._headers()
        )
        said = parse_json(answer, max_bytes=_MAX_ANSWER_BYTES, field=method)
        if not isinstance(said, dict) or said.get("result") is None:
            raise MalformedInput("bad_answer", field=method, got=said)
        return said["result"]

    def _headers(self) -> dict[str, str]:
        try:
            secret = self.cookie.read_bytes().strip()
        except OSError as error:
            raise Unavailable(
                "secret_missing", field=self.cookie.name, got=error, wanted="a cookie"
            ) from error
        return {
            "Authorization": f"Basic {b64encode(secret).decode()}",
            "Content-Type": "application/json",
        }


OpenHeaders: TypeAlias = Callable[[list[str], Path, Budget], HeaderSource]


def open_esplora(rest: list[str], folder: Path, budget: Budget) -> HeaderSource:
    """`esplora URL`."""
    if len(rest) != 1 or not is_url(rest[0]):
        raise MalformedInput("unfit_line", field="headers", wanted="esplora URL")
    return Esplora(rest[0].rstrip("/"), budget)


def open_core(rest: list[str], folder: Path, budget: Budget) -> HeaderSource:
    """`core URL COOKIE`; the cookie's path is relative to the file of services."""
    if len(rest) != 2 or not is_url(rest[0]):
        raise MalformedInput("unfit_line", field="headers", wanted="core URL COOKIE")
    return BitcoinCore(rest[0], folder / rest[1], budget)


_SOURCES: Final[dict[str, OpenHeaders]] = {"esplora": open_esplora, "core": open_core}


def open_headers(line: str, folder: Path, budget: Budget) -> HeaderSource | None:
    """The source that a line names; None for an empty one.

    Raises:
        MalformedInput: `unfit_line`: no source is opened so.
    """
    word, *rest = line.split() or [""]
    if not word:
        return None
    if word not in _SOURCES and "." not in word:
        wanted = ", ".join([*_SOURCES, "some.module.function"])
        raise MalformedInput("unfit_line", field="headers", got=word, wanted=wanted)
    return _find(word)(rest, folder, budget)


def _find(word: str) -> OpenHeaders:
    if word in _SOURCES:
        return _SOURCES[word]
    try:
        opened: OpenHeaders = import_string(word)
    except ImportError as error:
        raise MalformedInput("unfit_line", field="headers", got=str(error)) from error
    return opened


def _ask(
    budget: Budget, method: str, url: str, body: bytes | None, headers: dict[str, str]
) -> bytes:
    question = Question(
        method=method,
        url=url,
        seconds=budget.take(most=_ANSWER_SECONDS, code="headers_silent"),
        connect_seconds=_CONNECT_SECONDS,
        limit_bytes=_MAX_ANSWER_BYTES,
        body=body,
        headers=headers,
    )
    status, answer = ask(question, code="headers_silent")
    if status != _HTTP_OK:
        raise Unavailable("headers_decline", got=status)
    return answer
