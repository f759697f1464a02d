"""Events inside statements, one by one and as files."""

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.epcis import event_json
from apps.core.errors import MalformedInput
from apps.core.events import events_root, line_leaf, parse_lines, read_event, read_file
from apps.core.merkle import leaf_hash, node_hash
from apps.core.ranges import set_digest
from apps.core.statement import Moved, Reference, Serials, parse_statement
from tests.core.signing.epcis_cast import EVENTS
from tests.core.signing.statement_cast import SHIP

BATCH = {
    "tag": "0a" * 32,
    "n": 10_000,
    "set": set_digest(((0, 9_999),)).hex(),
    "serials": {
        "base": 0,
        "size": 10_000,
        "root": "5e" * 32,
        "gtin": "09521568251204",
        "lot": "A123",
        "expiry": "2028-02-29",
    },
}
PARTY = {"tag": "0b" * 32}


def statement(name, *subjects, **changes):
    body = event_json(EVENTS[name])
    made = {**SHIP, "subjects": list(subjects), "parents": [], "body": body}
    return parse_statement(canonical_bytes(made | changes))


def line(name, *parents) -> bytes:
    value = {"event": event_json(EVENTS[name]), "parents": list(parents)}
    return canonical_bytes(value) + b"\n"


def test_what_begins_a_lot_signs_its_serials():
    assert read_event(statement("commission_lot", BATCH)) == EVENTS["commission_lot"]
    assert read_event(statement("commission_container", PARTY)).epcs


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("commission_lot", [{**PARTY}]),
        ("commission_lot", [{**PARTY, "n": 10_000, "set": BATCH["set"]}]),
        ("commission_lot", [BATCH, PARTY]),
        ("dispense", [BATCH]),
        ("commission_container", [BATCH]),
        ("commission_lot", [{**BATCH, "serials": {**BATCH["serials"], "lot": "A124"}}]),
        (
            "commission_lot",
            [{**BATCH, "serials": {**BATCH["serials"], "expiry": "2028-02-28"}}],
        ),
        (
            "commission_lot",
            [{**BATCH, "serials": {**BATCH["serials"], "gtin": "19521568251201"}}],
        ),
        (
            "commission_lot",
            [
                {
                    **BATCH,
                    "n": 5,
                    "set": set_digest(((0, 4),)).hex(),
                    "serials": {**BATCH["serials"], "size": 5},
                }
            ],
        ),
    ],
)
def test_event_and_subjects_must_agree(name, subjects):
    with pytest.raises(MalformedInput) as caught:
        read_event(statement(name, *subjects))

    assert caught.value.code == "event_mismatch"


def test_an_event_of_tomorrow_is_not_signed_today():
    times = {
        "at": "2026-03-02T08:54:59.999Z",
        "expires": "2026-03-02T09:00:00.000Z",
    }
    with pytest.raises(MalformedInput, match="event mismatch"):
        read_event(statement("dispense", PARTY, **times))
    times["at"] = "2026-03-02T08:55:00.000Z"
    read_event(statement("dispense", PARTY, **times))


def test_a_sensor_in_a_file_may_measure_fractions():
    event = event_json(EVENTS["ship"])
    report = {"type": "Temperature", "value": 4.5, "uom": "CEL"}
    event["sensorElementList"] = [{"sensorReport": [report]}]
    data = canonical_bytes({"event": event, "parents": []}) + b"\n"

    assert parse_lines(data)[0].event.sensors


def test_a_file_is_read_line_by_line():
    lines = parse_lines(line("ship") + line("receive", "#0", "1f" * 32 + "#3"))

    assert [each.event for each in lines] == [EVENTS["ship"], EVENTS["receive"]]
    assert lines[1].parents == (Reference("", 0), Reference("1f" * 32, 3))
    assert (lines[1].number, lines[1].event_json["bizStep"]) == (1, "receiving")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        line("ship")[:-1],
        line("ship") + b"\n",
        line("ship").replace(b"\n", b"\r\n"),
        b" " + line("ship"),
        line("ship").replace(b'"parents":[]', b'"parents":[],"x":1'),
        line("ship").replace(b',"parents":[]', b""),
        b'{"event":1,"parents":[]}\n',
        b'{"event":{"pharmatrace:x":0.5},"parents":[]}\n',
        line("ship", "#0"),
        line("ship") + line("receive", "#1"),
        line("ship") + line("receive", "#0", "#0"),
        b"{}\n" * 20_001,
    ],
)
def test_a_file_of_another_form_is_refused(data):
    with pytest.raises(MalformedInput):
        parse_lines(data)


def test_a_subject_signs_the_lines_that_touch_it_and_their_numbers():
    (read,) = parse_lines(line("dispense"))
    moved = Moved(1, set_digest(((7, 7),)))
    leaf = line_leaf(number=4, event=read.event_json, parents=read.parents, moved=moved)
    listed = canonical_bytes(
        {
            "event": event_json(EVENTS["dispense"]),
            "line": 4,
            "n": 1,
            "parents": [],
            "set": moved.set_digest.hex(),
        }
    )

    assert leaf == leaf_hash(listed) == hashlib.sha256(b"\x00" + listed).digest()
    other = line_leaf(number=5, event=read.event_json, parents=(), moved=moved)
    assert other != leaf
    root = events_root([leaf, other])
    assert (root.size, root.root) == (2, node_hash(leaf, other))
    serials = Serials(7, 1, b"\x05" * 32, "09521568251204", "A", date(2028, 1, 1))
    begun = line_leaf(
        number=4, event=read.event_json, parents=(), moved=moved, serials=serials
    )
    assert begun not in {leaf, other}


def test_the_body_names_one_file_and_no_other():
    data = line("ship") + line("receive", "#0")
    body = EventsFile.of(data)

    assert body == EventsFile(2, hashlib.sha256(data).digest())
    body.verify(data)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        (line("ship"), "body.count"),
        (line("ship") + line("receive", "#0") + line("dispense"), "body.count"),
        (line("ship") + line("receive", "#0")[:-1], "body.count"),
        (line("receive") + line("ship"), "body.digest"),
        (line("ship") + line("receive"), "body.digest"),
        (line("ship") + line("receive", "#0").replace(b"\n", b"\r\n"), "body.digest"),
    ],
)
def test_another_file_is_not_what_was_signed(other, field):
    body = EventsFile.of(line("ship") + line("receive", "#0"))

    with pytest.raises(MalformedInput) as caught:
        body.verify(other)

    assert (caught.value.code, caught.value.field) == ("body_mismatch", field)


def test_another_file_costs_no_parsing(monkeypatch):
    data = line("ship") + line("receive", "#0")
    body = EventsFile.of(line("ship")).to_json()
    root = {"size": 1, "root": "5e" * 32}
    subject = {**PARTY, "events": root}
    signed = statement("dispense", subject, kind="events", body=body)
    monkeypatch.setattr("apps.core.events.parse_lines", None)

    with pytest.raises(MalformedInput, match="body mismatch"):
        read_file(signed, data)


@given(st.binary(max_size=100))
def test_any_bytes_are_lines_or_malformed_input(data):
    with pytest.raises(MalformedInput):
        parse_lines(data)
