"""Hostile input at every write route: a 4xx problem in words, and nothing written."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.canonical import canonical_bytes
from apps.edge.throttles import PerMinute
from apps.intake.models import Upload
from apps.jobs.models import Outbox
from apps.ledger.models import Statement
from tests import hostile
from tests.exchange.wishes import WISHES, product_wish

_OURS = ("/api/v1/drafts", "/api/v1/statements", "/api/v1/statements:batch")
_TYPES = {"/api/v1/statements:batch": "application/x-ndjson"}


@pytest.fixture(autouse=True)
def _no_throttles(monkeypatch):
    """A call too many is no refusal of what it carries."""
    monkeypatch.setattr(PerMinute, "allow_request", lambda *_call: True)


def _written() -> tuple[int, int, int]:
    return (
        Statement.objects.count(),
        Upload.objects.count(),
        Outbox.objects.count(),
    )


def _verify_problem(answer: Any, what: str) -> None:
    """A 4xx problem document that says where, what was got and what was wanted."""
    assert 400 <= answer.status < 500, (what, answer.status, answer.body[:300])
    assert answer.status != 429, what
    assert answer.headers["Content-Type"] == "application/problem+json", what
    document = answer.json
    assert document["code"], what
    assert document["detail"], what
    assert document["field"], (what, document)
    assert "got" in document, (what, document)
    assert document["wanted"], (what, document)
    assert len(answer.body) < 5_000, what


@pytest.mark.parametrize("route", _OURS)
def test_json_that_is_none_is_refused_and_nothing_is_written(novamed, route):
    before = _written()

    for kind, body in hostile.JSON.items():
        answer = novamed.post(route, body, _TYPES.get(route, "application/json"))
        _verify_problem(answer, f"{route}: {kind}")

    assert _written() == before


@pytest.mark.parametrize("kind", sorted(WISHES))
def test_wishes_with_wrong_members_are_refused_or_drafted(novamed, kind):
    before = _written()

    for what, wish in hostile.swap_members(WISHES[kind]):
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
