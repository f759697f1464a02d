"""Sending a signed statement to the site."""

from __future__ import annotations

import json
import secrets
from typing import Final

from ..envelope import Envelope, envelope_bytes
from .site import Site

# A file that packs a million packs is answered after a minute or more; the site's own
# patience with it ends before ours.
_TIMEOUT_SECONDS: Final = 330


def post_statement(
    site: str, *, envelope: Envelope, lines: bytes | None, token: str
) -> str:
    """The site's answer to `POST /api/v1/statements`, as JSON text.

    Args:
        envelope: what was signed.
        lines: the file of events, for kind `events`.

    Raises:
        TraceError: as `Site`.
    """
    body, kind = _body(envelope, lines)
    answer = Site(site, token).ask(
        "POST",
        "/api/v1/statements",
        body=body,
        headers={"Content-Type": kind},
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    return answer.decode("utf-8", "replace")


def _body(envelope: Envelope, lines: bytes | None) -> tuple[bytes, str]:
    data = envelope_bytes(envelope)
    if lines is None:
        return data, "application/json"
    mark = secrets.token_hex(16)
    parts = (
        ("envelope", "envelope.json", "application/json", data),
        ("events", "events.ndjson", "application/x-ndjson", lines),
    )
    body = b"".join(
        f"--{mark}\r\nContent-Disposition: form-data; name={json.dumps(name)}; "
        f"filename={json.dumps(file)}\r\nContent-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, file, kind, content in parts
    )
    return body + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
