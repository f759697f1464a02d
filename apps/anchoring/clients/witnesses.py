"""Witnesses asked over HTTP: C2SP tlog-witness, each within a few seconds.

A witness is somebody else's machine: it may be slow, silent, or lie. What it answers
is bounded in time and size here and judged by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import httpx

from apps.anchoring.clients.http import Question, ask, is_url
from apps.core.errors import LedgerConflict, MalformedInput, ProofError, Unavailable
from apps.core.note import MAX_NOTE_BYTES, NoteSignature, NoteVerifier
from apps.core.strict import parse_decimal
from apps.core.witness import AddCheckpoint, read_cosignatures

# For one whole answer, seconds; a trickle of bytes does not stretch it.
ANSWER_SECONDS: Final = 3.0
_CONNECT_SECONDS: Final = 1.0
_MAX_ANSWER_BYTES: Final = 64_000
_MAX_QUOTED: Final = 200  # characters of somebody else's words


class WitnessClient:
    """One witness by its submission prefix, which is its monitoring prefix too."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def add_checkpoint(
        self, request: AddCheckpoint, *, keys: Iterable[NoteVerifier]
    ) -> tuple[NoteSignature, ...]:
        """The witness's verified cosignatures over the checkpoint of `request`.

        Raises:
            LedgerConflict: `witness_other_size`: it cosigned another size; `got`.
            ProofError: `witness_refuses`: our checkpoint does not go on from what it
                cosigned.
            Unavailable: `witness_silent`: no answer in time; `witness_declines`: it
                does not know this log or its keys, or cannot answer now.
            MalformedInput, UntrustedSignature: its answer is worthless.
        """
        status, answer = self._exchange("POST", "/add-checkpoint", request.format())
        if status == httpx.codes.OK:
            return read_cosignatures(answer, note=request.note, keys=keys)
        text = answer.decode("utf-8", "replace").strip()[:_MAX_QUOTED]
        if status == httpx.codes.CONFLICT:
            size = parse_decimal(text, field="witness.size")
            raise LedgerConflict("witness_other_size", got=size)
        if status == httpx.codes.UNPROCESSABLE_ENTITY:
            raise ProofError("witness_refuses", step=4, got=text)
        raise Unavailable("witness_declines", got=f"{status} {text}".strip())

    def read_checkpoint(self, origin: str) -> bytes | None:
        """The note that it cosigned last for a log, where it shows it; else None.

        Raises:
            Unavailable: `witness_silent`.
        """
        name = sha256(origin.encode()).hexdigest()
        status, answer = self._exchange("GET", f"/{name}/checkpoint", None)
        return answer if status == httpx.codes.OK else None

    def _exchange(
        self, method: str, path: str, body: bytes | None
    ) -> tuple[int, bytes]:
        question = Question(
            method=method,
            url=f"{self._url}{path}",
            seconds=ANSWER_SECONDS,
            connect_seconds=_CONNECT_SECONDS,
            limit_bytes=MAX_NOTE_BYTES if body is None else _MAX_ANSWER_BYTES,
            body=body,
        )
        return ask(question, code="witness_silent")


def require_urls(urls: Iterable[str]) -> None:
    """Check that every witness can be asked.

    Raises:
        MalformedInput: `bad_url`: not http or https with a host.
    """
    for url in urls:
        if not is_url(url):
            raise MalformedInput(
                "bad_url", field="witness.url", got=url, wanted="http or https"
            )
