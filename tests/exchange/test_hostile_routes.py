"""Hostile bodies, queries and addresses at every route of the site: never a 5xx."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.ledger.models import Statement
from tests import hostile
from tests.cast import NOVAMED

# Other people's code, files, and the address that says 503 when all is not well.
_LEFT_OUT = ("/accounts/", "/static/", "/log/", "/health")
# What stands for a parameter of an address.
_PARTS = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "int": "7",
    "str": "0" * 64,
    "slug": "x",
    "path": "x/y",
}


def _routes() -> Iterator[str]:
    """Every address of the site that takes a body, with parameters filled in."""
    for path in _walk(get_resolver().url_patterns, "/"):
        if not path.startswith(_LEFT_OUT):
            yield path


def _walk(patterns: list[Any], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        text = prefix + _fill(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, text)
        elif isinstance(pattern, URLPattern):
            yield text


def _fill(pattern: Any) -> str:
    text = str(pattern)
    for name, converter in pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        text = text.replace(f"<{kind}:{name}>", _PARTS.get(kind, "x"))
    return text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_route_of_the_site_breaks_on_hostile_bodies(live, client, method):
    client.raise_request_exception = False
    client.force_login(live.actor(NOVAMED).user)
    before = Statement.objects.count()
    kinds = (
        "NUL escaped",
        "arrays to the bottom",
        "surrogate as a name",
        "null",
        "Latin-1",
    )

    for route in _routes():
        for kind in kinds:
            body = hostile.JSON[kind]
            for content_type in (
                "application/json",
                "application/x-www-form-urlencoded",
            ):
                answer = client.generic(method, route, body, content_type=content_type)
                assert answer.status_code < 500, (method, route, kind, content_type)

    assert Statement.objects.count() == before


def test_no_route_of_the_site_breaks_on_hostile_queries(live, client):
    client.raise_request_exception = False
    client.force_login(live.actor(NOVAMED).user)
    names = ("q", "page", "cursor", "limit", "gtin", "lot", "serial", "code", "format")

    for route in _routes():
        for value in ("%00", "%ff", "-1", "9" * 40, "x" * 3_000, "'", "%F0%9F%92%8A"):
            query = "&".join(f"{name}={value}" for name in names)
            answer = client.get(f"{route}?{query}")
            assert answer.status_code < 500, (route, value)


@pytest.mark.parametrize("value", ["\x00", "é", "a" * 3_000, "..", "%s", "'"])
def test_no_address_breaks_on_hostile_parts(live, client, value):
    client.raise_request_exception = False
    client.force_login(live.actor(NOVAMED).user)

    for route in _routes():
        for part in (_PARTS["str"], _PARTS["slug"]):
            if f"/{part}" not in route:
                continue
            changed = route.replace(part, quote(value, safe=""))
            assert client.get(changed).status_code < 500, changed
