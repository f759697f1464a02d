"""Calls to the site's API, with a token and without redirects."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from ..errors import MalformedInput, Unavailable, UntrustedSignature

TIMEOUT_SECONDS: Final = 30
_MAX_ANSWER_BYTES: Final = 16 << 20
_TOO_OFTEN: Final = 429
_FAULTS: Final = 500  # and above: the site's own, or its proxy's
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Site:
    """A site and the token that it knows us by.

    Args:
        address: https; http is for this machine only, the token would leak.
        token: sent as a Bearer token.

    Raises:
        MalformedInput: `bad_address`.
    """

    address: str
    token: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        is_local = parts.hostname in _LOCAL
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise MalformedInput("bad_address", got=self.address, wanted="https://…")

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> bytes:
        """The body of the answer.

        Args:
            path: from the root, "/api/v1/…".
            body: whole, or in parts; then `headers` say its Content-Length.

        Raises:
            UntrustedSignature: `refused_by_site`, with the site's own words; `extra`
                is its problem document (RFC 9457), {} where there is none.
            Unavailable: `no_answer`: nobody answers, not now, or with a fault of its own.
        """
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            self.address.rstrip("/") + path,
            data=body,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            method=method,
        )
        try:
            with _opener().open(request, timeout=timeout_seconds) as answer:
                data: bytes = answer.read(_MAX_ANSWER_BYTES)
                return data
        except urllib.error.HTTPError as error:
            with error:
                told = error.read(_MAX_ANSWER_BYTES).decode("utf-8", "replace")
            said = f"{error.code} {told}"
            if error.code >= _FAULTS or error.code == _TOO_OFTEN:
                raise Unavailable("no_answer", got=said, wanted=self.address) from error
            refusal = UntrustedSignature("refused_by_site", got=said, wanted="success")
            refusal.extra = _document_of(told)
            raise refusal from error
        except (OSError, HTTPException) as error:
            raise Unavailable(
                "no_answer", got=str(error), wanted=self.address
            ) from error


def _document_of(told: str) -> dict[str, Any]:
    try:
        document = json.loads(told)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


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
