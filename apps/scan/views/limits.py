"""Rate limits of pages, counted like those of the machine door."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.edge.problems import Problem, answer
from apps.edge.throttles import PerMinute

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]


def limited(throttle: type[PerMinute]) -> Callable[[_View[_P]], _View[_P]]:
    """Answer 429 to whoever calls the page more often than `throttle` allows."""

    def decorate(view: _View[_P]) -> _View[_P]:
        @functools.wraps(view)
        def guarded(
            request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs
        ) -> HttpResponseBase:
            counted = Request(request, authenticators=[])
            counted.user, counted.auth = request.user, None
            limit = throttle()
            if limit.allow_request(counted, APIView()):
                return view(request, *args, **kwargs)
            wait = str(int(limit.wait()) + 1)
            detail = f"Too many scans in a minute; wanted a pause of {wait} s."
            headers = {"Retry-After": wait}
            return answer(request, Problem(429, "throttled", detail, headers=headers))

        return cast("_View[_P]", guarded)

    return decorate
