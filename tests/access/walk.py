"""Every address of the site, as its own resolver lists them, and how to ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NAMED = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^)]*\))*\)")


@lru_cache(maxsize=1)
def list_routes() -> tuple[str, ...]:
    """All patterns below the root, as `api/v1/recalls/<str:recall_id>`."""
    return tuple(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: Sequence[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for each in patterns:
        whole = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, whole)
        else:
            yield whole


def fill(pattern: str, values: dict[str, str]) -> str:
    """The path of a pattern with its names filled in.

    Raises:
        KeyError: a name has no value.
    """
    path = _NAMED.sub(lambda found: values[found[1] or found[2]], pattern)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


def names_in(pattern: str) -> list[str]:
    """What is named in a pattern."""
    return [first or second for first, second in _NAMED.findall(pattern)]
