"""Hostile bodies, queries and addresses at every route of the site: never a 5xx."""

from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth import SESSION_KEY
from django.urls import URLPattern, URLResolver, get_resolver

from apps.edge.throttles import PerMinute
from apps.ledger.models import Statement
from tests import hostile
from tests.access.walk import fill, names_in
from tests.cast import NOVAMED

# Files, and the address that says 503 when all is not well.
_LEFT_OUT = ("/static/", "/log/", "/health")
_NOT_ALLOWED = 405
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
    if text.startswith("^"):  # a pattern of other people's code is an expression
        return fill(text, dict.fromkeys(names_in(text), "x")).removeprefix("/")
    return text


@pytest.fixture(autouse=True)
def _no_throttles(settings, monkeypatch):
    """A call too many is no answer to what it carries."""
    settings.ACCOUNT_RATE_LIMITS = False
    monkeypatch.setattr(PerMinute, "allow_request", lambda *_call: True)


def _verify_answered(answer: Any, *what: str) -> None:
    assert answer.status_code < 500, what
    assert answer.status_code != 429, what


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
    types = ("application/json", "application/x-www-form-urlencoded")

    for route in _routes():
        for kind, content_type in product(kinds, types):
            body = hostile.JSON[kind]
            answer = client.generic(method, route, body, content_type=content_type)
            _verify_answered(answer, method, route, kind, content_type)
            if answer.status_code == _NOT_ALLOWED:
                break  # before anybody reads the body: the others end there too
        if "/logout/" in route:
            client.force_login(live.actor(NOVAMED).user)

    assert Statement.objects.count() == before


def test_no_route_of_the_site_breaks_on_hostile_queries(live, client):
    client.raise_request_exception = False
    client.force_login(live.actor(NOVAMED).user)
    names = ("q", "page", "cursor", "limit", "gtin", "lot", "serial", "code", "format")

    for route in _routes():
        for value in ("%00", "%ff", "-1", "9" * 40, "x" * 3_000, "'", "%F0%9F%92%8A"):
            query = "&".join(f"{name}={value}" for name in names)
            answer = client.get(f"{route}?{query}")
            _verify_answered(answer, route, value)
            if answer.status_code == _NOT_ALLOWED:
                break


@pytest.mark.parametrize("value", ["\x00", "é", "a" * 3_000, "..", "%s", "'"])
def test_no_address_breaks_on_hostile_parts(live, client, value):
    client.raise_request_exception = False
    client.force_login(live.actor(NOVAMED).user)

    for route in _routes():
        for part in (_PARTS["str"], _PARTS["slug"]):
            if f"/{part}" not in route:
                continue
            changed = route.replace(part, quote(value, safe=""))
            _verify_answered(client.get(changed), changed)


@pytest.mark.parametrize("kind", [*hostile.VALUES, "NUL", "not UTF-8"])
def test_a_stranger_gets_no_further_with_a_hostile_log_in(live, client, kind):
    client.raise_request_exception = False
    broken = {"NUL": "%00", "not UTF-8": "%ff%c0%80"}
    value = broken.get(kind) or quote(str(hostile.VALUES[kind]))
    names = ("login", "password", "remember", "next", "csrfmiddlewaretoken")

    for chosen in names:
        said = {"login": "nora", "password": "x"} | {chosen: value}
        body = "&".join(f"{name}={text}" for name, text in said.items())
        answer = client.post(
            "/accounts/login/", body, content_type="application/x-www-form-urlencoded"
        )
        _verify_answered(answer, chosen, kind)
        assert answer.status_code in {200, 400}, (chosen, kind)
        assert SESSION_KEY not in client.session


@pytest.mark.parametrize("kind", sorted(hostile.JSON))
def test_a_stranger_gets_no_further_with_a_hostile_body(live, client, kind):
    client.raise_request_exception = False

    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        answer = client.generic(
            "POST", "/accounts/login/", hostile.JSON[kind], content_type=content_type
        )
        _verify_answered(answer, kind, content_type)
        assert SESSION_KEY not in client.session
