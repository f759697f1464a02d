"""What REST framework refuses, in the same form as our own errors."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.utils.translation import gettext
from rest_framework import exceptions
from rest_framework.request import Request

from apps.core.errors import shown
from apps.edge.problems import Problem, answer, find_problem


def exception_handler(
    error: Exception, context: dict[str, Any]
) -> HttpResponseBase | None:
    """REST framework's hook: every refusal of an API view is a problem document."""
    request = context["request"]
    problem = find_problem(error) or _framework_problem(error, request)
    if problem is None:
        return None
    return answer(request._request, problem)


def _framework_problem(error: Exception, request: Request) -> Problem | None:
    if isinstance(error, Http404):
        return Problem(
            404, "not_found", gettext("There is nothing here that you may see.")
        )
    if isinstance(error, PermissionDenied):
        return Problem(403, "not_allowed", gettext("You may not do this."))
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        return _validation_problem(error)
    detail, code = str(error.detail), str(error.default_code)
    members = _framework_members(error, request)
    return Problem(error.status_code, code, detail, members, headers)


def _framework_members(
    error: exceptions.APIException, request: Request
) -> dict[str, Any]:
    """What was got and wanted, of a body that the framework could not take."""
    if isinstance(error, exceptions.UnsupportedMediaType):
        types = sorted(parser.media_type for parser in request.parsers or ())
        return {
            "field": "Content-Type",
            "got": shown(request.content_type),
            "wanted": " or ".join(types),
        }
    if isinstance(error, exceptions.ParseError):
        wanted = f"a body of the form {shown(request.content_type)}"
        return {"field": "body", "got": shown(str(error.detail)), "wanted": wanted}
    return {}


def _validation_problem(error: exceptions.ValidationError) -> Problem:
    """The first complaint as field and sentence; all of them under `errors`."""
    errors = list(_flatten("", error.detail))
    first_field, sentence = errors[0] if errors else ("", "malformed")
    return Problem(
        400,
        "malformed",
        f"{first_field}: {sentence}" if first_field else sentence,
        {
            "field": first_field,
            "wanted": sentence,
            "errors": [{"field": name, "wanted": text} for name, text in errors],
        },
    )


def _flatten(path: str, detail: Any) -> list[tuple[str, str]]:
    if isinstance(detail, dict):
        return [
            pair
            for name, value in detail.items()
            for pair in _flatten(f"{path}.{name}".lstrip("."), value)
        ]
    if isinstance(detail, list):
        return [pair for value in detail for pair in _flatten(path, value)]
    return [(path.removesuffix("non_field_errors").rstrip("."), str(detail))]
