"""The table of application identifiers against the dictionary that GS1 publishes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from apps.core.errors import MalformedInput
from apps.core.gs1 import AI_TABLE, ApplicationIdentifier, Component, get_ai
from apps.core.gs1.ai_table import _parse_component, find_ai_at, matches_pattern
from apps.core.gs1.linters import LINTERS
from tests.vectors import vectors_path

DICTIONARY = "gs1/gs1-syntax-dictionary/gs1-syntax-dictionary.txt"
_PART = re.compile(r"(\[)?([NXYZ])(\.\.)?(\d+)\]?((?:,[a-z0-9]+)*)")


@dataclass
class Line:
    identifiers: str
    flags: str
    words: list[str]
    title: str


def _lines() -> list[Line]:
    lines = []
    for text in vectors_path(DICTIONARY).read_text(encoding="utf-8").splitlines():
        if not text or text.startswith("#"):
            continue
        body, _, title = text.partition("#")
        identifiers, *words = body.split()
        flags = "" if _PART.fullmatch(words[0]) else words.pop(0)
        lines.append(Line(identifiers, flags, words, title.strip()))
    return lines


def _component(word: str) -> Component | None:
    found = _PART.fullmatch(word)
    if found is None:
        return None
    optional, charset, variable, length, linters = found.groups()
    return Component(
        charset=charset,
        min_length=1 if variable else int(length),
        max_length=int(length),
        is_optional=bool(optional),
        linters=tuple(linters.split(",")[1:]),
    )


def _entries(line: Line) -> list[ApplicationIdentifier]:
    parts = [part for word in line.words if (part := _component(word))]
    pairs = [word.partition("=") for word in line.words if not _component(word)]
    attributes = {name: value for name, _, value in pairs}
    assert len(attributes) == len(pairs)
    assert set(attributes) <= {"req", "ex", "dlpkey"}
    needs = attributes.get("req")
    excludes = attributes.get("ex")
    key = attributes.get("dlpkey")
    orders = tuple(tuple(each.split(",")) for each in key.split("|")) if key else ()
    first, _, last = line.identifiers.partition("-")
    return [
        ApplicationIdentifier(
            ai=str(number).zfill(len(first)),
            title=line.title,
            components=tuple(parts),
            is_predefined="*" in line.flags,
            is_link_attribute="?" in line.flags,
            needs=tuple(tuple(group.split("+")) for group in needs.split(","))
            if needs
            else (),
            excludes=tuple(excludes.split(",")) if excludes else (),
            qualifiers=None if key is None else orders,
            min_length=sum(part.min_length for part in parts if not part.is_optional),
            max_length=sum(part.max_length for part in parts),
        )
        for number in range(int(first), int(last or first) + 1)
    ]


def test_our_table_equals_the_dictionary_line_by_line() -> None:
    lines = _lines()

    for line in lines:
        for wanted in _entries(line):
            assert AI_TABLE[wanted.ai] == wanted
    named = {entry.ai for line in lines for entry in _entries(line)}
    assert len(lines) == 224
    assert set(AI_TABLE) == named
    assert len(AI_TABLE) == 541


def test_every_linter_that_the_table_names_exists() -> None:
    named = {
        linter
        for entry in AI_TABLE.values()
        for part in entry.components
        for linter in part.linters
    }

    assert named <= set(LINTERS)


def test_no_identifier_begins_another() -> None:
    for ai in AI_TABLE:
        assert not [other for other in AI_TABLE if other != ai and other.startswith(ai)]


def test_only_the_last_component_varies_in_length() -> None:
    for entry in AI_TABLE.values():
        for part in entry.components[:-1]:
            assert part.min_length == part.max_length


@pytest.mark.parametrize("ai", ["", "0", "04", "89", "3136", "999", "01 ", "٠١", "1"])
def test_an_identifier_outside_the_table_is_refused(ai: str) -> None:
    with pytest.raises(MalformedInput) as refusal:
        get_ai(ai)

    assert refusal.value.code == "unknown_ai"


@pytest.mark.parametrize(
    ("text", "ai"),
    [("0109", "01"), ("7003", "7003"), ("235A", "235"), ("31031", "3103")],
)
def test_the_first_two_digits_tell_how_long_an_identifier_is(
    text: str, ai: str
) -> None:
    found = find_ai_at(text, 0)

    assert found is not None
    assert found.ai == ai


@pytest.mark.parametrize("text", ["", "0", "AB", "31", "3136", "70", "٠١٠"])
def test_what_is_no_identifier_is_not_found(text: str) -> None:
    assert find_ai_at(text, 0) is None


def test_a_pattern_stands_for_every_digit() -> None:
    assert matches_pattern("3103", "310n")
    assert matches_pattern("3920", "39nn")
    assert not matches_pattern("3113", "310n")
    assert not matches_pattern("01", "02")
    assert not matches_pattern("310", "310n")


def test_a_malformed_row_is_our_own_mistake() -> None:
    with pytest.raises(RuntimeError):
        _parse_component("Q5")
