"""How often one caller may call: a count per minute in the shared cache.

A count, not a list of times: it costs one small write a call, however high the limit.
"""

import time
from typing import ClassVar

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from typing_extensions import override

_WINDOW_SECONDS = 60


class PerMinute(BaseThrottle):
    """At most `limit` calls of one `scope` in a minute by one token, person or address.

    Nearly: a caller may take two windows' worth around the turn of a minute, and two
    processes that count at the same instant may miss one call.
    """

    scope: ClassVar[str] = "any"
    limit: ClassVar[int] = 600

    @override
    def allow_request(self, request: Request, view: APIView) -> bool:
        """True below the limit."""
        window = int(time.time()) // _WINDOW_SECONDS
        key = f"throttle:{self.scope}:{self._caller(request)}:{window}"
        count = _count(key)
        return count <= self.limit

    @override
    def wait(self) -> float:
        """Seconds to the next window."""
        return _WINDOW_SECONDS - time.time() % _WINDOW_SECONDS

    def _caller(self, request: Request) -> str:
        token = getattr(request.auth, "pk", None)
        if token is not None:
            return f"token-{token}"
        if request.user.pk is not None:
            return f"user-{request.user.pk}"
        return f"address-{self.get_ident(request)}"


def _count(key: str) -> int:
    """How often `key` was counted, with this time; 0 if the cache keeps dropping it."""
    try:
        return cache.incr(key)  # all but the first of a window: one trip to the cache
    except ValueError:
        if cache.add(key, 1, _WINDOW_SECONDS * 2):
            return 1
    try:
        return cache.incr(key)  # another process was the first
    except ValueError:
        return 0
