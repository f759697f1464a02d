"""Statements are read alike: what is taken, what is refused, and the words of the refusal."""

import json
import random
from typing import Any

import pytest

from apps.core.bodies import read_body
from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput, TraceError
from apps.core.events import read_event
from apps.core.statement import parse_statement
from tests.agreement.engine import Engine, RefusedError, b64
from tests.agreement.judging import comparable_refusal, refusal_of
from tests.agreement.mutations import change, dumped, flip_byte, paths, put
from tests.agreement.statements import statements

BASES = statements()
LIES = 60  # each kind


def ask_python(payload: bytes) -> tuple[str, Any]:
    try:
        statement = parse_statement(payload)
        if statement.kind == "event":
            read_event(statement)
        else:
            read_body(statement)
    except TraceError as error:
        return "refused", comparable_refusal(refusal_of(error))
    return "taken", statement.kind


def ask_browser(engine: Engine, payload: bytes) -> tuple[str, Any]:
    try:
        return "taken", engine.ask("statement", payload=b64(payload))
    except RefusedError as error:
        return "refused", comparable_refusal(error.said)


def written(document: Any) -> bytes:
    try:
        return canonical_bytes(document)
    except MalformedInput:
        return dumped(document)


@pytest.mark.parametrize("name", BASES)
def test_a_statement_of_every_kind_is_taken_by_both(engine, name):
    payload = canonical_bytes(BASES[name])

    assert ask_python(payload) == ("taken", BASES[name]["kind"])
    assert ask_browser(engine, payload) == ("taken", BASES[name]["kind"])


@pytest.mark.parametrize("name", BASES)
def test_small_lies_in_a_statement_are_judged_alike(engine, name):
    rng = random.Random(name)
    refused = 0
    for _ in range(LIES):
        payload = written(change(rng, BASES[name]))
        wanted = ask_python(payload)
        assert ask_browser(engine, payload) == wanted, payload
        refused += wanted[0] == "refused"

    assert refused > LIES // 2


@pytest.mark.parametrize("name", ["ship", "genesis", "recall of serials", "sensed"])
def test_every_field_is_missed_alike(engine, name):
    for path in paths(BASES[name]):
        document = json.loads(json.dumps(BASES[name]))
        inside = document
        for step in path[:-1]:
            inside = inside[step]
        del inside[path[-1]]
        payload = canonical_bytes(document)
        assert ask_browser(engine, payload) == ask_python(payload), path


@pytest.mark.parametrize("value", [None, True, 7, "text", [], {}, [{}], "\u0344"])
def test_every_field_of_another_type_is_judged_alike(engine, value):
    for name in ("commission_lot", "events", "party.admit", "recall.answer"):
        for path in paths(BASES[name]):
            document = json.loads(json.dumps(BASES[name]))
            put(document, path, value)
            payload = canonical_bytes(document)
            assert ask_browser(engine, payload) == ask_python(payload), path


def test_flipped_bytes_of_a_statement_are_judged_alike(engine):
    rng = random.Random("bytes")
    for document in BASES.values():
        for _ in range(10):
            payload = flip_byte(rng, canonical_bytes(document))
            assert ask_browser(engine, payload) == ask_python(payload), payload
