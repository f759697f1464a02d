"""What a request needs more than once is asked once, and kept on the request."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.http import HttpRequest

_Found = TypeVar("_Found")


def once(request: HttpRequest, name: str, find: Callable[[], _Found]) -> _Found:
    """What `find` answers; every later call with `name` gets the same."""
    kept: dict[str, Any] = request.__dict__.setdefault("trace_kept", {})
    if name not in kept:
        kept[name] = find()
    return cast("_Found", kept[name])
