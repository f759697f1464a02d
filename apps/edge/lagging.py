"""Doors that may show what is some seconds old, and what others remember for them."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase

from apps.edge import positions, replica

logger = logging.getLogger(__name__)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
SOURCE_HEADER = "X-Read-Source"
_View = TypeVar("_View", bound=Callable[..., Any])


def may_lag(view: _View) -> _View:
    """Let this door, a function or a method, read from a replica.

    It must only show: what it answers may be `REPLICA_MAX_LAG_SECONDS` old. Put it next
    to the function, below the guards, who ask the primary who is there. The answer says
    in `X-Read-Source` where it was read, and how many seconds old that may be.
    """

    @functools.wraps(view)
    def reading(*args: Any, **kwargs: Any) -> Any:
        if not replica.is_configured():
            return view(*args, **kwargs)
        # A view of the machine door is a method: the view itself comes first.
        request = next(each for each in args if hasattr(each, "META"))
        source = replica.choose(who=positions.who_of(request))
        try:
            return _aged(_read(source, view, args, kwargs), source)
        except (OperationalError, InterfaceError) as error:
            if source is replica.PRIMARY or not replica.has_failed():
                raise
            # Gone in the middle of a page, or cancelled by what it replays.
            replica.leave_alone(f"failed ({type(error).__name__})")
        return _aged(_read(replica.PRIMARY, view, args, kwargs), replica.PRIMARY)

    reading.may_lag = True  # type: ignore[attr-defined]  # a test lists these doors
    return cast("_View", reading)


def _read(source: replica.Source, view: Any, args: Any, kwargs: Any) -> Any:
    with replica.reading_from(source):
        return view(*args, **kwargs)


def _aged(response: Any, source: replica.Source) -> Any:
    response.headers[SOURCE_HEADER] = (
        "primary"
        if source is replica.PRIMARY
        else f"replica; age={source.age_seconds:.1f}"
    )
    return response


class OwnWritesMiddleware:
    """After a request that may have written: where the asker's writes end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; a GET writes nothing that a lagging door shows."""
        response = self.get_response(request)
        if request.method not in _SAFE and replica.is_configured():
            positions.remember(who=positions.who_of(request))
        return response
