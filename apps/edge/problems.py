"""Errors as answers: RFC 9457 problem documents for machines, pages for people.

The only module that knows which HTTP status a family of errors has.
"""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.errors import (
    ForbiddenTransfer,
    IntegrityBreach,
    LedgerConflict,
    MalformedInput,
    ProofError,
    TraceError,
    Unavailable,
    UntrustedSignature,
)
from apps.edge.races import is_without_part
from apps.edge.wire import dump_json

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
_STATUS: dict[type[TraceError], int] = {
    MalformedInput: 400,
    UntrustedSignature: 403,
    ForbiddenTransfer: 409,
    LedgerConflict: 409,
    ProofError: 422,
    Unavailable: 503,
    IntegrityBreach: 500,
}
# The law judges an event as a whole; the sentence for people names no field then.
_WHOLE: dict[type[TraceError], str] = {ForbiddenTransfer: "body"}
_DISK_FULL = "disk_full"
_TITLES = {
    400: _("The request is malformed"),
    401: _("Log in first"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("This address does not do that"),
    406: _("That format is not offered"),
    409: _("Refused by the record"),
    413: _("Too large"),
    415: _("That format is not understood"),
    422: _("The evidence does not hold"),
    429: _("Too many requests"),
    500: _("Our fault"),
    503: _("Not available now"),
    507: _("No room to store this now"),
}
_TO_DO = {
    401: _("Log in, or send your token."),
    403: _("Use an account and a key that may do this."),
    404: _("Check the address, or search for what you want."),
    409: _("Read the present state and decide again."),
    429: _("Wait, then send it again."),
    500: _("Tell the operator the request id."),
    503: _("Wait, then send it again."),
    507: _("Wait, then send it again."),
}
_MACHINE_PREFIXES = ("/api/", "/epcis/", "/log/", "/verify/", "/checkConnectivity")


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, ready to be shown: `code` is stable, `detail` is for people."""

    status: int
    code: str
    detail: str
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The status in words."""
        return str(_TITLES.get(self.status, _("Refused")))

    @property
    def to_do(self) -> str:
        """The next step of whoever reads this."""
        return str(_TO_DO.get(self.status, _("Mend the request and send it again.")))

    def document(self) -> dict[str, Any]:
        """The members of RFC 9457 section 3.1 and ours."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "to_do": self.to_do,
        } | self.members


def problem_of(error: TraceError) -> Problem:
    """The problem that `error` is; the status follows from its family alone."""
    family = next(kind for kind in _STATUS if isinstance(error, kind))
    status = _STATUS[family]
    members: dict[str, Any] = {
        "field": error.field or _WHOLE.get(family, ""),
        "got": error.got,
        "wanted": error.wanted,
    }
    headers: dict[str, str] = {}
    if isinstance(error, ForbiddenTransfer):
        members["rule"] = error.rule
    if isinstance(error, ProofError):
        members["step"] = error.step
    if isinstance(error, Unavailable):
        status = 507 if error.code == _DISK_FULL else status
        headers["Retry-After"] = str(error.retry_after_seconds)
    # An empty text that was got is told: nothing came where something was wanted.
    told = {
        name: value
        for name, value in members.items()
        if value is not None and (value or name == "got")
    }
    extra = getattr(error, "extra", None)  # e.g. the fresh draft of subjects_differ
    if isinstance(extra, dict):
        told |= extra
    return Problem(status, error.code, error.sentence(), told, headers)


def find_storage_problem(error: BaseException) -> Problem | None:
    """The problem if the database or a file could not be written now, else None."""
    if _is_disk_full(error):
        return problem_of(Unavailable(_DISK_FULL, retry_after_seconds=60))
    if is_without_part(error):
        logger.error("A part of the tables is detached", exc_info=error)
        return problem_of(Unavailable("part_detached", retry_after_seconds=300))
    if isinstance(error, OperationalError):
        logger.error("The database did not answer", exc_info=error)
        return problem_of(Unavailable("database_unavailable", retry_after_seconds=5))
    return None


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    # PostgreSQL 53100 disk_full; SQLite has only the sentence.
    cause = error.__cause__
    return isinstance(error, OperationalError) and (
        getattr(cause, "sqlstate", None) == "53100" or "disk is full" in str(error)
    )


def find_problem(error: BaseException) -> Problem | None:
    """The problem that `error` is on purpose, else None: then it is our bug."""
    if isinstance(error, TraceError):
        if isinstance(error, IntegrityBreach):
            logger.critical("Integrity breach: %s", error, exc_info=error)
        return problem_of(error)
    return find_storage_problem(error)


def wants_page(request: HttpRequest) -> bool:
    """True if a person's browser asks, outside the machine addresses."""
    return (
        not request.path.startswith(_MACHINE_PREFIXES)
        and "text/html" in request.headers.get("Accept", "").lower()
    )


def _page(request: HttpRequest, problem: Problem) -> str:
    """The page that shows `problem`.

    A failure's page stands alone: what failed may be what the frame around every
    other page asks for. So does the page of a request that was refused before its
    session was read.
    """
    if problem.status >= 500 or not hasattr(request, "user"):
        return render_to_string("edge/failure.html", {"problem": problem})
    return render_to_string("edge/problem.html", {"problem": problem}, request)


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as a page or as application/problem+json."""
    if wants_page(request):
        response = HttpResponse(_page(request, problem), status=problem.status)
    else:
        response = HttpResponse(
            dump_json(problem.document()),
            status=problem.status,
            content_type=CONTENT_TYPE,
        )
    for name, value in problem.headers.items():
        response[name] = value
    return response


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's hook: a request that Django itself refused."""
    wanted = "a well-formed request"
    if isinstance(exception, SuspiciousOperation) and "DATA_UPLOAD" in str(exception):
        wanted = "fewer or smaller form fields"
    got = type(exception).__name__
    members = {"field": "body", "got": got, "wanted": wanted}
    problem = Problem(400, "malformed", f"The request: wanted {wanted}", members)
    return answer(request, problem)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's hook: the person or token may not do this."""
    who_may = str(exception) if isinstance(exception, PermissionDenied) else ""
    detail = who_may or gettext("You may not do this.")
    return answer(request, Problem(403, "not_allowed", detail))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's hook: a form came without its token, or from another site."""
    detail = gettext(
        "The form was too old or came from elsewhere. Open it again and send it."
    )
    return answer(request, Problem(403, "form_not_ours", detail))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's hook: no such address, or nothing there that you may see."""
    detail = gettext("There is nothing here that you may see.")
    return answer(request, Problem(404, "not_found", detail))


def handler500(request: HttpRequest) -> HttpResponse:
    """Django's hook: our bug; the log has the trace under the request id."""
    detail = gettext(
        "We did something wrong; nothing was written. Name the request id to us."
    )
    request_id = getattr(request, "request_id", "")
    return answer(
        request, Problem(500, "internal_error", detail, {"request_id": request_id})
    )
