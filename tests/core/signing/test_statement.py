"""The statement: one spelling, every field typed, nothing unknown."""

import base64
import copy
import hashlib
import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput
from apps.core.ranges import set_digest
from apps.core.statement import (
    KINDS,
    Moved,
    Reference,
    Serials,
    Subject,
    build_statement,
    parse_statement,
)
from tests.core.signing.statement_cast import SERIALS, SHIP, json_values


def refusal(value) -> str:
    with pytest.raises(MalformedInput) as caught:
        parse_statement(canonical_bytes(value))
    return caught.value.code


def change(path, value, base=SHIP):
    changed = copy.deepcopy(base)
    place = changed
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


def of_kind(kind, subjects, body=None):
    return {
        **SHIP,
        "kind": kind,
        "subjects": subjects,
        "parents": [],
        "body": body or {},
    }


def test_a_statement_is_read_into_types():
    statement = parse_statement(canonical_bytes(SHIP))

    assert statement.by == "9521568000017"
    assert statement.at_ms == 1_772_442_000_123
    assert statement.expires_ms - statement.at_ms == 7 * 86_400_000
    assert statement.nonce == bytes(range(16))
    assert statement.subjects[0].serials == Serials(
        0, 10_000, b"\x5e" * 32, "09521568251204", "A123/4", date(2028, 2, 29)
    )
    assert statement.subjects[1] == Subject(b"\x0b" * 32, Moved(2, b"\xab" * 32))
    assert statement.subjects[2] == Subject(b"\x0c" * 32)
    assert statement.parents == (Reference("1f" * 32), Reference("2f" * 32, 7))
    assert build_statement(statement) == canonical_bytes(SHIP)


def test_the_kinds_are_a_closed_set():
    assert len(KINDS) == 14
    assert refusal(change(["kind"], "party.remove")) == "unknown_word"


@pytest.mark.parametrize("name", sorted(SHIP))
def test_every_field_is_needed(name):
    assert refusal(change([name], ...)) == "missing_field"


@pytest.mark.parametrize("name", sorted(SHIP))
def test_no_field_may_be_null(name):
    assert refusal(change([name], None)) == "wrong_type"


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (["v"], 2, "unknown_version"),
        (["v"], True, "wrong_type"),
        (["note"], "", "unknown_field"),
        (["ledger"], "", "bad_text"),
        (["ledger"], "two words", "bad_text"),
        (["ledger"], "a+b", "bad_text"),
        (["by"], "9521568000018", "bad_check_digit"),
        (["by"], "952156800001\u0667", "not_digits"),
        (["by"], "952156800001", "bad_length"),
        (["by"], "９521568000017", "not_digits"),
        (["by"], 9521568000017, "wrong_type"),
        (["signer"], "anna", "bad_text"),
        (["signer"], "anna@novamed.example", "bad_text"),
        (["meaning"], "", "bad_length"),
        (["meaning"], "x" * 201, "bad_length"),
        (["meaning"], "received\u202edeviecer", "forbidden_character"),
        (["meaning"], "one\ntwo", "forbidden_character"),
        (["at"], "2026-03-02T09:00:00Z", "bad_time"),
        (["at"], "2026-03-02T09:00:00.123+00:00", "bad_time"),
        (["at"], "2026-03-02 09:00:00.123Z", "bad_time"),
        (["at"], "2026-02-30T09:00:00.123Z", "bad_time"),
        (["at"], "2026-03-02T24:00:00.000Z", "bad_time"),
        (["at"], "2026-03-02T09:00:60.000Z", "bad_time"),
        (["at"], "1969-12-31T23:59:59.999Z", "bad_time"),
        (["at"], "2026-03-02T09:00:00.123z", "bad_time"),
        (["at"], 1_772_442_000_123, "wrong_type"),
        (["expires"], "2026-03-09T09:00:00.124Z", "bad_expiry"),
        (["expires"], "2026-03-02T09:00:00.122Z", "bad_expiry"),
        (["nonce"], base64.b64encode(b"x" * 15).decode(), "bad_length"),
        (["nonce"], base64.b64encode(b"x" * 17).decode(), "bad_length"),
        (["nonce"], base64.urlsafe_b64encode(b"\xff" * 16).decode(), "bad_base64"),
        (["subjects"], [], "bad_length"),
        (["subjects"], SHIP["subjects"][::-1], "not_sorted"),
        (["subjects"], SHIP["subjects"][1:2] * 2, "not_sorted"),
        (["subjects", 0, "tag"], "0A" * 32, "bad_hex"),
        (["subjects", 0, "tag"], "0a" * 31, "bad_hex"),
        (["subjects", 1, "n"], 0, "out_of_range"),
        (["subjects", 1, "n"], -1, "out_of_range"),
        (["subjects", 1, "n"], "2", "wrong_type"),
        (["subjects", 1, "n"], True, "wrong_type"),
        (["subjects", 1, "n"], ..., "unknown_field"),
        (["subjects", 1, "set"], ..., "missing_field"),
        (["subjects", 1, "events"], {"size": 1, "root": "00" * 32}, "unknown_field"),
        (["subjects", 2, "set"], "ab" * 32, "unknown_field"),
        (["subjects", 2, "serials"], SERIALS, "unknown_field"),
        (["subjects", 0, "n"], 9_999, "serials_mismatch"),
        (["subjects", 0, "set"], "ab" * 32, "serials_mismatch"),
        (["subjects", 0, "serials", "base"], 1, "serials_mismatch"),
        (["subjects", 0, "serials", "size"], 0, "out_of_range"),
        (["subjects", 0, "serials", "gtin"], "9521568251204", "bad_length"),
        (["subjects", 0, "serials", "gtin"], "09521568251205", "bad_check_digit"),
        (["subjects", 0, "serials", "lot"], "", "empty"),
        (["subjects", 0, "serials", "lot"], "A" * 21, "too_long"),
        (["subjects", 0, "serials", "lot"], "A 1", "bad_character"),
        (["subjects", 0, "serials", "lot"], "\u0410123", "bad_character"),
        (["subjects", 0, "serials", "expiry"], "280229", "bad_date"),
        (["subjects", 0, "serials", "expiry"], "2027-02-29", "bad_date"),
        (["subjects", 0, "serials", "seed"], "00", "unknown_field"),
        (["parents"], ["1f" * 32] * 2, "repeated_member"),
        (["parents"], ["#0"], "bad_reference"),
        (["parents"], [""], "bad_reference"),
        (["parents"], ["1F" * 32], "bad_reference"),
        (["parents"], ["1f" * 32 + "#"], "bad_reference"),
        (["parents"], ["1f" * 32 + "#01"], "bad_reference"),
        (["parents"], ["1f" * 32 + "#-1"], "bad_reference"),
        (["parents"], ["1f" * 32 + "#1\n"], "bad_reference"),
        (["parents"], [7], "wrong_type"),
        (["body"], [], "wrong_type"),
        (["body", "quantity"], 4.5, "not_an_integer"),
        (["body", "ilmd"], {"a": [{"b": 1.5}]}, "not_an_integer"),
    ],
)
def test_a_value_that_its_field_cannot_hold_is_refused(path, value, code):
    assert refusal(change(path, value)) == code


@pytest.mark.parametrize("kind", sorted(KINDS - {"event", "events", "recall.answer"}))
def test_other_kinds_name_their_chains_and_move_nothing(kind):
    parse_statement(canonical_bytes(of_kind(kind, [{"tag": "0a" * 32}])))

    moved = {"tag": "0a" * 32, "n": 2, "set": "ab" * 32}
    assert refusal(of_kind(kind, [moved])) == "unknown_field"


def test_a_recall_answer_names_the_units_it_answers_for():
    moved = {"tag": "0a" * 32, "n": 2, "set": "ab" * 32}
    parse_statement(canonical_bytes(of_kind("recall.answer", [moved])))

    assert refusal(of_kind("recall.answer", [{"tag": "0a" * 32}])) == "missing_field"
    assert refusal(of_kind("recall.answer", [{**moved, "serials": SERIALS}])) == (
        "unknown_field"
    )


def test_a_file_of_events_names_a_root_for_each_subject_and_no_parents():
    root = {"tag": "0a" * 32, "events": {"size": 3, "root": "cd" * 32}}
    value = of_kind("events", [root])
    statement = parse_statement(canonical_bytes(value))

    assert statement.subjects[0].events.size == 3
    assert build_statement(statement) == canonical_bytes(value)
    assert refusal(of_kind("events", [{"tag": "0a" * 32}])) == "missing_field"
    assert refusal({**value, "parents": ["1f" * 32]}) == "bad_reference"
    nothing = {"tag": "0a" * 32, "events": {"size": 0, "root": "cd" * 32}}
    assert refusal(of_kind("events", [nothing])) == "out_of_range"


def test_doubles_stand_only_where_a_sensor_measured():
    parse_statement(canonical_bytes(SHIP))
    body = {"sensorElementList": [4.5]}

    assert refusal(of_kind("recall.open", [{"tag": "0a" * 32}], body)) == (
        "not_an_integer"
    )


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(SHIP).encode(),
        canonical_bytes(SHIP) + b"\n",
        b"[]",
        b"",
        canonical_bytes({**SHIP, "meaning": "re\u0301ception"}),
        canonical_bytes(SHIP).replace(b'"v":1}', b'"v":1,"v":1}'),
    ],
)
def test_another_spelling_is_not_the_statement(payload):
    with pytest.raises(MalformedInput):
        parse_statement(payload)


def test_what_the_door_would_refuse_is_not_built():
    statement = parse_statement(canonical_bytes(SHIP))

    for wrong in (
        replace(statement, by="1"),
        replace(statement, expires_ms=statement.at_ms - 1),
        replace(statement, subjects=statement.subjects[::-1]),
        replace(statement, at_ms=-1),
        replace(statement, nonce=b"short"),
    ):
        with pytest.raises(MalformedInput):
            build_statement(wrong)


def test_a_set_has_one_digest_and_ranges_have_one_form():
    listed = b"pharmatrace/set/v1\x00[[0,4],[6,6]]"

    assert set_digest(((0, 4), (6, 6))) == hashlib.sha256(listed).digest()
    assert set_digest(()) == hashlib.sha256(b"pharmatrace/set/v1\x00[]").digest()
    for ranges in (((0, 4), (5, 6)), ((6, 6), (0, 4)), ((4, 0),), ((-1, 0),)):
        with pytest.raises(MalformedInput, match="ranges"):
            set_digest(ranges)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_statement_or_malformed_input(data):
    with pytest.raises(MalformedInput):
        parse_statement(data)


@given(st.sampled_from(sorted(SHIP)), json_values)
def test_any_value_in_any_field_is_read_or_malformed(name, value):
    try:
        payload = canonical_bytes({**SHIP, name: value})
        statement = parse_statement(payload)
    except MalformedInput:
        return
    assert build_statement(statement) == payload


@given(st.data())
def test_a_flipped_bit_is_another_statement_or_none(data):
    payload = bytearray(canonical_bytes(SHIP))
    bit = data.draw(st.integers(0, 8 * len(payload) - 1))
    payload[bit // 8] ^= 1 << bit % 8

    try:
        statement = parse_statement(bytes(payload))
    except MalformedInput:
        return
    assert statement != parse_statement(canonical_bytes(SHIP))
    assert build_statement(statement) == bytes(payload)
