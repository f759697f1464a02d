"""The table of application identifiers, looked up by their first digits.

Source: GS1 General Specifications section 3; the data is in `ai_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ..errors import MalformedInput
from .ai_rows import ROWS

_PART = re.compile(r"(\??)([NXYZ])(-?)(\d+)")


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a value: character set N, X, Y or Z, lengths, linters by name."""

    charset: str
    min_length: int
    max_length: int
    is_optional: bool
    linters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApplicationIdentifier:
    """What GS1 says of one application identifier.

    `is_predefined`: its length follows from the first two digits, no FNC1 needed.
    `is_link_attribute`: may stand in the query of a Digital Link.
    `needs`: groups of which one must be present whole; `n` is any digit.
    `excludes`: what may not mark the same item.
    `qualifiers`: alternatives of ordered path qualifiers, None if not a primary key.
    """

    ai: str
    title: str
    components: tuple[Component, ...]
    is_predefined: bool
    is_link_attribute: bool
    needs: tuple[tuple[str, ...], ...]
    excludes: tuple[str, ...]
    qualifiers: tuple[tuple[str, ...], ...] | None
    min_length: int
    max_length: int


def _parse_component(text: str) -> Component:
    part, *linters = text.split(":")
    found = _PART.fullmatch(part)
    if found is None:
        raise RuntimeError(f"the AI table holds a malformed part: {text}")
    optional, charset, variable, length = found.groups()
    return Component(
        charset=charset,
        min_length=1 if variable else int(length),
        max_length=int(length),
        is_optional=bool(optional),
        linters=tuple(linters),
    )


def _parse_key(text: str) -> tuple[tuple[str, ...], ...] | None:
    if text == "-":
        return None
    if text == ".":
        return ()
    return tuple(tuple(order.split(">")) for order in text.split("/"))


def _expand(identifiers: str) -> Iterator[str]:
    first, _, last = identifiers.partition("-")
    for number in range(int(first), int(last or first) + 1):
        yield f"{number:0{len(first)}d}"


def _parse_row(row: str) -> Iterator[ApplicationIdentifier]:
    identifiers, marks, parts, needs, excludes, key, title = row.split("|")
    components = tuple(_parse_component(part) for part in parts.split())
    for ai in _expand(identifiers):
        yield ApplicationIdentifier(
            ai=ai,
            title="" if title == "-" else title,
            components=components,
            is_predefined="F" in marks,
            is_link_attribute="A" in marks,
            needs=()
            if needs == "-"
            else tuple(tuple(group.split("+")) for group in needs.split("/")),
            excludes=() if excludes == "-" else tuple(excludes.split()),
            qualifiers=_parse_key(key),
            min_length=sum(c.min_length for c in components if not c.is_optional),
            max_length=sum(c.max_length for c in components),
        )


AI_TABLE: Final[Mapping[str, ApplicationIdentifier]] = MappingProxyType(
    {entry.ai: entry for row in ROWS.split("\n") if row for entry in _parse_row(row)}
)

# GS1 General Specifications 3.2: the first two digits fix how long the AI is.
_AI_LENGTHS: Final = {ai[:2]: len(ai) for ai in AI_TABLE}


def find_ai_at(text: str, position: int) -> ApplicationIdentifier | None:
    """The application identifier that starts at `position`, None if there is none."""
    length = _AI_LENGTHS.get(text[position : position + 2])
    if length is None:
        return None
    return AI_TABLE.get(text[position : position + length])


def get_ai(ai: str) -> ApplicationIdentifier:
    """The entry of `ai`.

    Raises:
        MalformedInput: `unknown_ai`.
    """
    entry = AI_TABLE.get(ai)
    if entry is None:
        raise MalformedInput(
            "unknown_ai", field="ai", got=ai, wanted="an identifier of the GS1 table"
        )
    return entry


def matches_pattern(ai: str, pattern: str) -> bool:
    """Whether `ai` is named by `pattern`, in which `n` is any digit."""
    if "n" not in pattern:
        return ai == pattern
    return len(ai) == len(pattern) and ai.startswith(pattern.rstrip("n"))
