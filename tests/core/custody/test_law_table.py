"""The law prints as one table, and the document says what the code judges by."""

from pathlib import Path

import pytest

from apps.core.custody import (
    CORRECT,
    LAW_VERSION,
    LAWS,
    RULES,
    UNDO,
    Rule,
    verify_law,
)
from apps.core.errors import MalformedInput

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "law.md"


def row(rule: Rule) -> str:
    words = " or ".join(rule.dispositions)
    event = f"`{rule.biz_step}` / {words}, {rule.action}" if rule.action else "error"
    return f"| {rule.name} | {event} | {rule.who} | {rule.only_if} | {rule.then} |"


def test_the_document_prints_the_law() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    missing = [row(rule) for rule in (*RULES, UNDO, CORRECT) if row(rule) not in text]

    assert missing == []
    assert f"Version {LAW_VERSION}." in text


def test_the_law_in_force_is_the_newest_there_is() -> None:
    assert max(LAWS) == LAW_VERSION
    assert sorted(LAWS) == list(range(1, LAW_VERSION + 1))
    verify_law(LAW_VERSION)


@pytest.mark.parametrize("version", [0, LAW_VERSION + 1, 99])
def test_a_law_that_nobody_wrote_down_judges_nothing(version: int) -> None:
    with pytest.raises(MalformedInput) as refused:
        verify_law(version)

    assert refused.value.code == "unknown_law"


def test_the_document_has_no_rule_of_its_own() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "---" not in line]

    assert len(rows) == len(RULES) + 2 + 1  # undo, correct, and the head
