"""Sending a signed statement to the site."""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlsplit

from ..envelope import Envelope, envelope_bytes
from ..errors import MalformedInput, Unavailable, UntrustedSignature

TIMEOUT_SECONDS: Final = 30
_MAX_ANSWER_BYTES: Final = 16 << 20
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def post_statement(
    site: str, *, envelope: Envelope, lines: bytes | None, token: str
) -> str:
    """The site's answer to `POST /api/v1/statements`, as JSON text.

    Args:
        site: https address; http is for this machine only, the token would leak.
        envelope: what was signed.
        lines: the file of events, for kind `events`.
        token: sent as a Bearer token.

    Raises:
        MalformedInput: `bad_address`.
        UntrustedSignature: `refused_by_site`, with the site's own words.
        Unavailable: nobody answers.
    """
    parts = urlsplit(site)
    is_local = parts.hostname in _LOCAL
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise MalformedInput("bad_address", got=site, wanted="https://…")
    body, kind = _body(envelope, lines)
    request = urllib.request.Request(  # noqa: S310  # the scheme was checked above
        f"{site.rstrip('/')}/api/v1/statements",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": kind},
        method="POST",
    )
    try:
        with _opener().open(request, timeout=TIMEOUT_SECONDS) as answer:
            return _text(answer.read(_MAX_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        told = _text(error.read(_MAX_ANSWER_BYTES))
        raise UntrustedSignature(
            "refused_by_site", got=f"{error.code} {told}", wanted="201"
        ) from error
    except OSError as error:
        raise Unavailable("no_answer", got=str(error), wanted=site) from error


def _opener() -> urllib.request.OpenerDirector:
    """An opener that follows no redirect: it would carry the token elsewhere."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


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


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
