"""The site as `tests.bench.servers` has it served: real settings, and a null view.

`application` answers `/bench/bare` before Django, `/bench/null` with an empty view
behind all middleware, and everything else as the site does, but for the rate limit.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pharmatrace.settings")

from django.http import HttpRequest, HttpResponse
from django.urls import path

from pharmatrace.wsgi import application as site

_MANY = 10**9  # calls a minute: it is the server that is measured


def null(request: HttpRequest) -> HttpResponse:
    """Nothing, with every header."""
    return HttpResponse(b"ok", content_type="text/plain")


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/bench/bare":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]
    return site(environ, start_response)


def _prepare() -> None:
    from apps.scan.api import VerifyThrottle
    from pharmatrace.urls import urlpatterns

    VerifyThrottle.limit = _MANY
    urlpatterns.insert(0, path("bench/null", null))


_prepare()
