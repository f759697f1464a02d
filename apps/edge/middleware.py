"""What every request passes: an id, a size, clean text, private answers."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from typing_extensions import override

from apps.core.errors import MalformedInput
from apps.edge.limits import limit_bytes
from apps.edge.problems import Problem, answer, find_problem, problem_of

_Answer = Callable[[HttpRequest], HttpResponseBase]
_REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_CHARSETS = frozenset({"", "utf-8", "utf8"})
_SURROGATES = re.compile(r"[\ud800-\udfff]")  # no database takes them, like NUL
_REPLACEMENT = "\ufffd"  # what Django puts where the bytes were not UTF-8


class RequestIdFilter(logging.Filter):
    """Gives every log line the id of the request it belongs to.

    A refusal is an answer: its line needs no trace, which Django adds to a 403.
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Always keep the record."""
        record.request_id = _REQUEST_ID.get()
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True


class RequestIdMiddleware:
    """Takes a well-formed X-Request-ID or makes one; answers and logs carry it."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer under one id."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _CLIENT_ID.fullmatch(given) else secrets.token_hex(8)
        request.request_id = request_id  # type: ignore[attr-defined]  # ours
        token = _REQUEST_ID.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            _REQUEST_ID.reset(token)
        response["X-Request-ID"] = request_id
        return response


class PrivacyHeadersMiddleware:
    """No answer is stored unless its view said so; no sensor but our own camera."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers."""
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        if not response.has_header("Permissions-Policy"):
            response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        return response


class HostileInputMiddleware:
    """Refuses what no view may see: NUL, broken UTF-8, bodies over the limit.

    Another charset is refused before anything is read (see `apps.edge.request`).

    NUL reaches PostgreSQL as an error of ours, so it is stopped at the door for
    path, query, cookies and form fields; JSON bodies have their own strict parser.
    """

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse or go on."""
        problem = (
            _find_charset(request) or _find_oversize(request) or _find_bad_head(request)
        )
        return answer(request, problem) if problem else self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Check form fields too; API views parse their own bodies."""
        if getattr(view, "csrf_exempt", False) or request.content_type not in _FORMS:
            return None
        problem = _find_bad_text("form", request.POST)
        return answer(request, problem) if problem else None


class ProblemMiddleware:
    """Turns errors that views raise on purpose into problem documents or pages."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; errors come to `process_exception`, an empty 405 gets its words."""
        response = self.get_response(request)
        is_bare = isinstance(response, HttpResponse) and not response.content
        if response.status_code != 405 or not is_bare:
            return response
        allowed = response.headers.get("Allow", "")
        detail = f"This address takes {allowed}, not {request.method}."
        problem = Problem(405, "method_not_allowed", detail, headers={"Allow": allowed})
        return answer(request, problem)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        """None lets Django report our bug as 500."""
        problem = find_problem(exception)
        return answer(request, problem) if problem else None


def _find_charset(request: HttpRequest) -> Problem | None:
    charset = (request.content_params or {}).get("charset", "").lower()
    if charset in _CHARSETS:
        return None
    return problem_of(
        MalformedInput(
            "unknown_charset", field="Content-Type", got=charset, wanted="utf-8"
        )
    )


def _find_oversize(request: HttpRequest) -> Problem | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return problem_of(
            MalformedInput(
                "bad_length", field="Content-Length", got=length, wanted="a number"
            )
        )
    limit = limit_bytes(request.path)
    if int(length) <= limit:
        return None
    return Problem(
        413,
        "body_too_large",
        f"The body has {length} bytes; wanted at most {limit}.",
        {"field": "body", "got": length, "wanted": f"at most {limit} bytes"},
    )


def _find_bad_head(request: HttpRequest) -> Problem | None:
    if "\x00" in request.path_info:
        return _bad_text("path", "NUL")
    if any("\x00" in name + value for name, value in request.COOKIES.items()):
        return _bad_text("cookie", "NUL")
    return _find_bad_text("query", request.GET)


def _find_bad_text(form: str, fields: QueryDict) -> Problem | None:
    for name, values in fields.lists():
        where = f"{form}.{name}"
        for text in (name, *values):
            if "\x00" in text:
                return _bad_text(where, "NUL")
            if _SURROGATES.search(text):
                return _bad_text(where, "a surrogate")
            if _REPLACEMENT in text:
                return _bad_text(where, "bytes that are not UTF-8")
    return None


def _bad_text(where: str, got: str) -> Problem:
    return problem_of(
        MalformedInput("bad_text", field=where, got=got, wanted="UTF-8 without NUL")
    )
