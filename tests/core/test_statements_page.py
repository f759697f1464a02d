"""docs/statements.md: every example on the page is read, and its rule is in the law."""

import json
import re
from pathlib import Path

import pytest

from apps.core.bodies import parse_body, read_body
from apps.core.canonical import canonical_bytes
from apps.core.custody import RULES, CustodyEvent, NewUnits, find_rule
from apps.core.epcis import AGGREGATION, event_json, parse_event
from apps.core.events import begins_lot, read_event
from apps.core.leaf import CONFIG_TAG
from apps.core.ordinals import Ordinals
from apps.core.statement import KINDS, parse_statement

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "statements.md").read_text()
BLOCKS = dict(re.findall(r"^```json (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
EXAMPLES = {name: json.loads(text) for name, text in BLOCKS.items()}
EVENTS = sorted(name for name in EXAMPLES if name.startswith("event."))


def test_every_kind_has_its_section_and_an_example():
    sections = set(re.findall(r"^## (\S+)$", PAGE, re.MULTILINE))

    assert sections >= KINDS
    assert set(EXAMPLES) - set(EVENTS) - {"statement"} == KINDS - {"event"}


def test_the_statement_is_read_with_its_event():
    statement = parse_statement(canonical_bytes(EXAMPLES["statement"]))

    assert read_event(statement).biz_step == "commissioning"


@pytest.mark.parametrize("kind", sorted(KINDS - {"event"}))
def test_every_body_is_read_and_agrees_with_a_statement(kind):
    body = parse_body(kind, EXAMPLES[kind])
    assert canonical_bytes(body.to_json()) == canonical_bytes(EXAMPLES[kind])

    tag = {"tag": "0a" * 32}
    subjects = {
        "genesis": [{"tag": CONFIG_TAG.hex()}],
        "party.admit": [tag, {"tag": "0b" * 32}],
        "key.enrol": [tag, {"tag": "0b" * 32}],
        "recall.answer": [{**tag, "n": 10, "set": "ab" * 32}],
        "events": [{**tag, "events": {"size": 3, "root": "cd" * 32}}],
    }
    recall = EXAMPLES[kind].get("recall")
    parents = {"key.reattest": ["4e" * 32]}.get(kind, [recall] if recall else [])
    said = {
        **EXAMPLES["statement"],
        "kind": kind,
        "subjects": subjects.get(kind, [tag]),
        "parents": parents,
        "body": EXAMPLES[kind],
    }
    if kind == "genesis":
        said["by"] = EXAMPLES[kind]["operator"]["gln"]
        said["ledger"] = EXAMPLES[kind]["origin"]
    assert read_body(parse_statement(canonical_bytes(said))) == body


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_read_and_has_a_row_of_the_law(name):
    event = parse_event(EXAMPLES[name])
    assert canonical_bytes(event_json(event)) == canonical_bytes(EXAMPLES[name])

    new = None
    if begins_lot(event):
        lot = event.quantities[0].lot_class
        new = NewUnits(
            "tag", lot.gtin, lot.lot, event.ilmd.expiry_date, 0, 1, Ordinals.of([0])
        )
    judged = CustodyEvent(
        ref="0a" * 32,
        by="9521568000017",
        form="aggregation" if event.type == AGGREGATION else "object",
        action=event.action,
        biz_step=event.biz_step,
        disposition=event.disposition,
        site=event.read_point.gln,
        units={},
        error=event.error.reason if event.error else "",
        new_units=new,
    )
    assert f"*{find_rule(judged).name}*" in PAGE


def test_every_row_of_the_law_is_named_on_the_page():
    for rule in RULES:
        assert f"*{rule.name}*" in PAGE
