"""Hostile input at every write route: a 4xx problem in words, and nothing written."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.core.canonical import canonical_bytes
from apps.intake.models import Upload
from apps.jobs.models import Outbox
from apps.ledger.models import Statement
from tests import hostile
from tests.cast import AMOXIL, NOVAMED, TRANSPHARM
from tests.exchange.wishes import product_wish

_OURS = ("/api/v1/drafts", "/api/v1/statements", "/api/v1/statements:batch")
_TYPES = {"/api/v1/statements:batch": "application/x-ndjson"}
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
_WISHES: dict[str, dict[str, Any]] = {
    "party.admit": {
        "kind": "party.admit",
        "gln": "4006381000017",
        "name": "Somebody",
        "country": "DE",
        "spki_b64": "MCowBQYDK2VwAyEA",
        "alg": "ed25519",
        "signer": "x-0123456789",
    },
    "party.licence": {
        "kind": "party.licence",
        "gln": NOVAMED.gln,
        "role": "manufacturer",
        "gs1_prefixes": ["9521568"],
        "sites": [{"gln": "9521568000024", "name": "Plant"}],
        "scope": ["*"],
        "from": "2020-01-01",
        "to": "2030-01-01",
        "suspended": False,
    },
    "key.enrol": {
        "kind": "key.enrol",
        "spki_b64": "MCowBQYDK2VwAyEA",
        "alg": "ed25519",
    },
    "key.revoke": {"kind": "key.revoke", "keyid": "0" * 64, "reason": "lost"},
    "product.register": product_wish(),
    "event": {
        "kind": "event",
        "step": "ship",
        "site": NOVAMED.sites[0].gln,
        "items": ["(01)09521568251204(21)S1"],
        "container": "(00)095215680000000012",
        "to": {"gln": TRANSPHARM.gln, "site": TRANSPHARM.sites[0].gln},
        "shipment": "0" * 64,
        "parents": ["0" * 64],
        "documents": [{"type": "po", "id": "4711"}],
        "reason": "damaged",
        "event_time": "2026-11-20T08:00:00.000Z",
    },
    "events": {
        "kind": "events",
        "events": [{"kind": "event", "step": "dispense", "items": ["x"]}],
    },
    "recall.open": {
        "kind": "recall.open",
        "gtin": AMOXIL.gtin,
        "class": "II",
        "reason": "wrong leaflet",
        "instructions": "send back",
        "depth": "retail",
        "scope": {"gtin": AMOXIL.gtin, "lots": ["A123"]},
        "return_to": NOVAMED.gln,
    },
    "recall.answer": {
        "kind": "recall.answer",
        "recall": "0" * 64,
        "batch": {"gtin": AMOXIL.gtin, "lot": "A123"},
        "counts": {"held": 0},
        "items": [],
        "note": "",
    },
    "recall.close": {"kind": "recall.close", "recall": "0" * 64, "reason": "done"},
    "recall.amend": {
        "kind": "recall.amend",
        "recall": "0" * 64,
        "scope": {"gtin": AMOXIL.gtin, "lots": ["A124"]},
        "reason": "more",
    },
}


def _written() -> tuple[int, int, int]:
    return (
        Statement.objects.count(),
        Upload.objects.count(),
        Outbox.objects.count(),
    )


def _verify_problem(answer: Any, what: str) -> None:
    """A 4xx problem document that says what is wrong."""
    assert 400 <= answer.status < 500, (what, answer.status, answer.body[:300])
    assert answer.headers["Content-Type"] == "application/problem+json", what
    document = answer.json
    assert document["code"], what
    assert document["detail"], what
    assert len(answer.body) < 5_000, what


@pytest.mark.parametrize("route", _OURS)
def test_json_that_is_none_is_refused_and_nothing_is_written(novamed, route):
    before = _written()

    for kind, body in hostile.JSON.items():
        answer = novamed.post(route, body, _TYPES.get(route, "application/json"))
        _verify_problem(answer, f"{route}: {kind}")

    assert _written() == before


@pytest.mark.parametrize("kind", sorted(_WISHES))
def test_wishes_with_wrong_members_are_refused_or_drafted(novamed, kind):
    before = _written()

    for what, wish in hostile.swap_members(_WISHES[kind]):
        answer = novamed.draft(wish)
        if answer.status != 200:
            _verify_problem(answer, f"{kind} {what}")

    assert _written() == before


def test_statements_with_wrong_members_are_refused_by_name(novamed):
    draft = novamed.draft(product_wish()).json
    statement = json.loads(base64.b64decode(draft["payload"]))
    before = _written()

    for what, changed in hostile.swap_members(statement):
        payload = canonical_bytes(changed)
        envelope = novamed.sign({"payload": base64.b64encode(payload).decode()})
        answer = novamed.submit(envelope)
        if what == "body.without form":  # a member that may be left out
            assert answer.status == 201
        else:
            _verify_problem(answer, what)

    assert _written()[0] == before[0] + 1


def test_envelopes_with_wrong_members_are_refused(novamed):
    envelope = json.loads(novamed.sign(novamed.draft(product_wish()).json))
    before = _written()

    for what, changed in _envelopes(envelope):
        for route in _OURS[1:]:
            answer = novamed.post(
                route,
                hostile.as_json(changed),
                _TYPES.get(route, "application/json"),
            )
            _verify_problem(answer, f"{route}: {what}")

    assert _written() == before


def _envelopes(envelope: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from hostile.swap_members(envelope)
    (signature,) = envelope["signatures"]
    for what, changed in hostile.swap_members(signature):
        yield f"signature {what}", envelope | {"signatures": [changed]}
    other = signature | {"keyid": "f" * 64}
    payload = envelope["payload"]
    for what, changed in {
        "signature twice": {"signatures": [signature, signature]},
        "signatures unsorted": {"signatures": [other, signature]},
        "seventeen signatures": {"signatures": [signature] * 17},
        "an unknown key": {"signatures": [other]},
        "capital keyid": {
            "signatures": [signature | {"keyid": signature["keyid"].upper()}]
        },
        "empty webauthn": {"signatures": [signature | {"webauthn": {}}]},
        "delegation to itself": {"signatures": [signature | {"delegation": envelope}]},
        "payload without padding": {"payload": payload.rstrip("=") + "A"},
        "payload for URLs": {"payload": "-_" + payload[2:]},
        "payload with a line end": {"payload": payload[:4] + "\n" + payload[4:]},
        "payload of nothing": {"payload": "bm90aGluZw=="},
        "payload of null": {"payload": "bnVsbA=="},
        "payload deep": {"payload": base64.b64encode(b"[" * 50_000).decode()},
        "payload of another type": {"payloadType": "application/json"},
    }.items():
        yield what, envelope | changed


def test_a_payload_in_another_spelling_is_refused(novamed):
    payload = base64.b64decode(novamed.draft(product_wish()).json["payload"])
    value = json.loads(payload)
    spellings = {
        "indented": json.dumps(value, indent=1).encode(),
        "other order": json.dumps(dict(reversed(value.items()))).encode(),
        "a blank more": payload.replace(b":", b": ", 1),
        "escaped": payload.replace(b"kind", b"\\u006bind", 1),
        "a member twice": payload[:-1] + b',"v":1}',
        "byte order mark": b"\xef\xbb\xbf" + payload,
        "line end": payload + b"\n",
    }
    before = _written()

    for what, spelled in spellings.items():
        draft = {"payload": base64.b64encode(spelled).decode()}
        _verify_problem(novamed.submit(novamed.sign(draft)), what)

    assert _written() == before


def test_lines_of_events_that_are_none_are_refused(novamed):
    draft = json.loads(base64.b64decode(novamed.draft(product_wish()).json["payload"]))
    subject = {"tag": "0" * 64, "events": {"size": 1, "root": "0" * 64}}
    statement = draft | {"kind": "events", "subjects": [subject], "body": {}}
    payload = base64.b64encode(canonical_bytes(statement)).decode()
    envelope = novamed.sign({"payload": payload})
    before = _written()

    for kind, body in hostile.JSON.items():
        answer = novamed.post_form("/api/v1/statements", envelope=envelope, events=body)
        _verify_problem(answer, kind)

    assert _written() == before


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/json; charset=utf-16",
        "application/json; charset=x",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\x00",
        "x" * 500,
        "",
    ],
)
@pytest.mark.parametrize("route", [*_OURS, "/api/v1/uploads"])
def test_bodies_of_another_type_are_refused(novamed, route, content_type):
    answer = novamed.post(route, b'{"kind":"event"}', content_type)

    _verify_problem(answer, f"{route} {content_type}")


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
