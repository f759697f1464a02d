"""Calendars, blocks and sources of headers on this machine, in the real formats.

A calendar gathers digests in a tree; a block holds the root behind a transaction and
half a tree of others, as Bitcoin's do. Blocks show work at the difficulty of regtest.
"""

import json
import os
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentimestamps.core.notary import (
    BitcoinBlockHeaderAttestation,
    PendingAttestation,
)
from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import Timestamp, cat_sha256d, make_merkle_tree

from apps.anchoring import operations
from apps.anchoring.models import AnchorPending, AnchorToken
from tests.anchoring.network import Serving
from tests.anchoring.tsa import grow

Answer = tuple[int, bytes]
COOKIE = "__cookie__:s3cret"


def sha256d(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()


def written(stamp: Timestamp) -> bytes:
    context = BytesSerializationContext()
    stamp.serialize(context)
    return context.getbytes()


def serving(reply: Callable[[str, str, bytes, Any], Answer]) -> Serving:
    """A server that says what `reply` says to method, path, body and headers."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            status, said = reply(self.command, self.path, body, self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Patient(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    return Serving(Patient(("127.0.0.1", 0), Handler))


class Bitcoin:
    """Blocks with work, and two doors to their headers."""

    def __init__(self) -> None:
        self.blocks = [self._block(bytes(32), bytes(32), 1_600_000_000)]
        self.lies: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.serving: Serving | None = serving(self._reply)
        self.url = self.serving.url

    def _block(self, previous: bytes, root: bytes, seconds: int) -> bytes:
        start = b"\x00\x00\x00\x20" + previous + root + seconds.to_bytes(4, "little")
        for nonce in range(1_000):
            made = start + bytes.fromhex("ffff7f20") + nonce.to_bytes(4, "little")
            if sha256d(made)[31] < 0x7F:
                return made
        raise AssertionError("no luck")

    def mine(self, at: datetime, root: bytes = bytes(32), count: int = 1) -> int:
        """Blocks; the height of the first, which holds `root`."""
        height = len(self.blocks)
        for number in range(count):
            holds = bytes(32) if number else root
            seconds = int(at.timestamp()) + number
            self.blocks.append(self._block(sha256d(self.blocks[-1]), holds, seconds))
        return height

    def name(self, height: int) -> str:
        return sha256d(self.blocks[height])[::-1].hex()

    def _find(self, name: str) -> bytes:
        return next(
            each for at, each in enumerate(self.blocks) if self.name(at) == name
        )

    def _reply(self, method: str, path: str, body: bytes, headers: Any) -> Answer:
        if method == "POST":
            return self._core(json.loads(body), headers["Authorization"] or "")
        self.asked.append(path)
        for start, said in self.lies.items():
            if path.startswith(start):
                return 200, said
        return self._esplora(path.strip("/").split("/"))

    def _esplora(self, parts: list[str]) -> Answer:
        match parts:
            case ["blocks", "tip", "height"]:
                return 200, str(len(self.blocks) - 1).encode()
            case ["block-height", height] if int(height) < len(self.blocks):
                return 200, self.name(int(height)).encode()
            case ["block", name, "header"]:
                return 200, self._find(name).hex().encode() + b"\n"
        return 404, b"Block not found"

    def _core(self, asked: dict[str, Any], authorization: str) -> Answer:
        if b64decode(authorization.removeprefix("Basic ")).decode() != COOKIE:
            return 401, b""
        method, params = asked["method"], asked["params"]
        self.asked.append(method)
        if method in self.lies:
            return 200, self.lies[method]
        result: Any = {
            "getblockcount": lambda: len(self.blocks) - 1,
            "getblockhash": self.name,
            "getblockheader": lambda name, verbose: self._find(name).hex(),
        }[method](*params)
        said = {"result": result, "error": None, "id": asked["id"]}
        return 200, json.dumps(said).encode()

    def end(self) -> None:
        if self.serving is not None:
            self.serving.end()
        self.serving = None


class Calendar:
    """A calendar's server; `answer` may be replaced by a lie."""

    def __init__(self) -> None:
        self.waiting: dict[bytes, Timestamp] = {}
        self.done: dict[bytes, Timestamp] = {}
        self.asked: list[tuple[str, str]] = []
        self.answer: Callable[[str, str, bytes], Answer] = self.honest
        self.serving: Serving | None = serving(self._reply)
        self.url = self.serving.url

    def _reply(self, method: str, path: str, body: bytes, headers: Any) -> Answer:
        assert headers["Accept"] == "application/vnd.opentimestamps.v1"
        self.asked.append((method, path))
        return self.answer(method, path, body)

    def honest(self, method: str, path: str, body: bytes) -> Answer:
        if (method, path) == ("POST", "/digest"):
            return 200, written(self.take(body))
        found = self.done.get(bytes.fromhex(path.removeprefix("/timestamp/")))
        if found is None:
            return 404, b"Pending confirmation in Bitcoin blockchain"
        return 200, written(found)

    def take(self, digest: bytes, uri: str = "") -> Timestamp:
        """A promise over a digest, as calendars make it."""
        stamp = Timestamp(digest)
        inner = stamp.ops.add(OpAppend(os.urandom(16))).ops.add(OpSHA256())
        inner = inner.ops.add(OpPrepend(os.urandom(4))).ops.add(OpAppend(b"\0" * 8))
        self.waiting[inner.msg] = Timestamp(inner.msg)
        inner.attestations.add(PendingAttestation(uri or self.url))
        return stamp

    def confirm(self, bitcoin: Bitcoin, at: datetime, *, blocks: int = 1) -> int:
        """All that waits gets its way into a new block, whose height this is."""
        stamps = list(self.waiting.values())
        root = make_merkle_tree([*stamps, Timestamp(os.urandom(32))])
        transaction = root.ops.add(OpPrepend(os.urandom(40))).ops.add(
            OpAppend(b"\0" * 8)
        )
        identity = transaction.ops.add(OpSHA256()).ops.add(OpSHA256())
        top = cat_sha256d(identity, Timestamp(os.urandom(32)))
        height = bitcoin.mine(at, top.msg, count=blocks)
        top.attestations.add(BitcoinBlockHeaderAttestation(height))
        self.done |= self.waiting
        self.waiting = {}
        return height

    def end(self) -> None:
        if self.serving is not None:
            self.serving.end()
        self.serving = None


class Service:
    """`bitcoin`, with two calendars and headers from Esplora's interface."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "services.toml"
        self.bitcoin = Bitcoin()
        self.calendars = [Calendar(), Calendar()]
        (folder / "cookie").write_text(COOKIE)
        self.lines: dict[str, str | None] = {
            "kind": "ots",
            "calendars": " ".join(each.url for each in self.calendars),
            "headers": f"esplora {self.bitcoin.url}",
            "confirmations": "3",
            "chain": "bitcoin-regtest",
        }
        self.write()

    def write(self, **changed: str | None) -> None:
        lines = {k: v for k, v in (self.lines | changed).items() if v is not None}
        text = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
        self.path.write_text(f"[bitcoin]\n{text}")

    def end(self) -> None:
        for each in (*self.calendars, self.bitcoin):
            each.end()
        self.calendars = []


@pytest.fixture
def ots(settings, tmp_path) -> Iterator[Service]:
    settings.ANCHOR_TSAS = str(tmp_path / "services.toml")
    service = Service(tmp_path)
    yield service
    service.end()


@pytest.fixture
def said(ots, now, log) -> datetime:
    """When something was said that nobody has stamped yet."""
    grow("lot A", now)
    return now


@pytest.fixture
def one(ots):
    """Only one calendar is named; the other is nobody's."""
    ots.lines["calendars"] = ots.calendars[0].url
    ots.write()
    return ots


@pytest.fixture
def promised(one, said):
    """A promise whose block has all its confirmations."""
    operations.anchor_now(at=said)
    one.height = one.calendars[0].confirm(one.bitcoin, said, blocks=3)
    return said


def refusal(at):
    """Why no stamp was believed; and that nothing of it is there."""
    result = operations.anchor_now(at=at)

    assert result.stamped == ()
    assert not AnchorToken.objects.exists()
    assert not AnchorPending.objects.exists()
    return result.failed["bitcoin"]
