"""Requests whose Content-Type cannot be read: refused like others, not our failure."""

from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters


class _OneCharset(HttpRequest):
    """Keeps what Content-Type says of a charset, for the middleware, and ignores it.

    Django decodes the query by the sender's codec before any middleware runs, and
    raises LookupError at hex or zlib, ValueError at a parameter it cannot read.
    """

    def _set_content_type_params(self, meta: Any) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(
                meta.get("CONTENT_TYPE", "")
            )
        except (ValueError, LookupError):
            self.content_type, self.content_params = "", {"charset": "unreadable"}


class StrictWSGIRequest(_OneCharset, WSGIRequest):
    """A request at the WSGI door."""


class StrictASGIRequest(_OneCharset, ASGIRequest):
    """A request at the ASGI door."""
