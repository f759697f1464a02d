"""The witness on HTTP: one call that cosigns, one that shows what was cosigned."""

from __future__ import annotations

import re
import sqlite3
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from ..errors import (
    LedgerConflict,
    MalformedInput,
    ProofError,
    TraceError,
    UntrustedSignature,
)
from ..notekey import SignerKey, VerifierKey
from ..witness import MAX_REQUEST_BYTES, AddCheckpoint
from .console import tell
from .witness_state import WitnessState

_SOCKET_SECONDS: Final = 10
_CHECKPOINT: Final = re.compile(r"/([0-9a-f]{64})/checkpoint")
_SIZE_TYPE: Final = "text/x.tlog.size"


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness; a thread a connection, kept alive between calls."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        *,
        state: WitnessState,
        log_keys: Sequence[VerifierKey],
        signers: Sequence[SignerKey],
    ) -> None:
        self.state = state
        self.log_keys = tuple(log_keys)
        self.signers = tuple(signers)
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell what broke in a line; a log may hang up whenever it likes."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            tell(f"a call broke off: {error!r}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "pharmatrace-witness"
    sys_version = ""
    timeout = _SOCKET_SECONDS
    server: WitnessServer

    def do_POST(self) -> None:
        body = self._read_body()
        if body is None:
            return
        if self.path != "/add-checkpoint":
            self._answer(HTTPStatus.NOT_FOUND, "no such call: POST /add-checkpoint\n")
            return
        try:
            self._answer(HTTPStatus.OK, self._cosign(body))
        except LedgerConflict as refusal:
            self._answer(HTTPStatus.CONFLICT, f"{refusal.wanted}\n", kind=_SIZE_TYPE)
        except TraceError as refusal:
            tell(f"refused: {refusal}")
            self._answer(_status_of(refusal), f"{refusal}\n")
        except (sqlite3.Error, OSError) as error:
            # Nothing was promised: the log asks again.
            tell(f"the state cannot be written: {error}")
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "the state is not there\n")

    def do_GET(self) -> None:
        match = _CHECKPOINT.fullmatch(self.path)
        note = self.server.state.find_note(match[1]) if match else None
        if note is None:
            self._answer(HTTPStatus.NOT_FOUND, "no checkpoint of such a log\n")
        else:
            self._answer(HTTPStatus.OK, note.decode())

    def _cosign(self, body: bytes) -> str:
        lines = self.server.state.cosign(
            AddCheckpoint.parse(body),
            log_keys=self.server.log_keys,
            signers=self.server.signers,
            time_seconds=int(time.time()),
        )
        return "".join(line.line for line in lines)

    def _read_body(self) -> bytes | None:
        """The body; None where its length is not told or too large, then answered."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "a Content-Length is wanted\n")
            return None
        if int(length[:20]) > MAX_REQUEST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large\n")
            return None
        return self.rfile.read(int(length))

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        # The body was not read: the connection cannot go on.
        self.close_connection = True
        self._answer(status, text)

    def _answer(
        self, status: HTTPStatus, text: str, *, kind: str = "text/plain; charset=utf-8"
    ) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of single requests; refusals are told where they happen."""


def _status_of(refusal: TraceError) -> HTTPStatus:
    """The answer that tlog-witness gives a refusal."""
    if refusal.code == "unknown_origin":
        return HTTPStatus.NOT_FOUND
    # A line that cannot be read is no signature, as one that does not verify.
    if isinstance(refusal, UntrustedSignature) or refusal.field == "note.signature":
        return HTTPStatus.FORBIDDEN
    if isinstance(refusal, ProofError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(refusal, MalformedInput):
        return HTTPStatus.BAD_REQUEST
    return HTTPStatus.INTERNAL_SERVER_ERROR
