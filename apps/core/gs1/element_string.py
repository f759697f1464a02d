"""Element strings: application identifiers and values, run together or in brackets.

Strict: unknown identifiers, empty, short, long or malformed values are refused; a
superfluous separator is not. What belongs together is judged by `associations`,
because one item may carry its data in several symbols.
Source: GS1 General Specifications section 7.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from ..errors import MalformedInput
from .ai_table import ApplicationIdentifier, find_ai_at, get_ai
from .linters import LINTERS, Linter
from .symbology import split_symbology

GS: Final = "\x1d"
MAX_ELEMENTS: Final = 64
MAX_CHARACTERS: Final = 4096

Element = tuple[str, str]

_BRACKETED_AI = re.compile(r"\(([0-9]{2,4})\)")
_BRACKETED_VALUE = re.compile(r"(?:[^(\\]|\\.?)*", re.DOTALL)
_CHARSET_LINTERS: Final = {
    "N": LINTERS["csetnumeric"],
    "X": LINTERS["cset82"],
    "Y": LINTERS["cset39"],
    "Z": LINTERS["cset64"],
}
_CHECKS: Final[dict[str, tuple[tuple[int, int, bool, tuple[Linter, ...]], ...]]] = {}


@dataclass(frozen=True, slots=True)
class ElementString:
    """Elements in the order in which they were carried, every value verified."""

    elements: tuple[Element, ...]

    @classmethod
    def of(cls, elements: Iterable[Element]) -> Self:
        """Verify `elements` and keep them in their order.

        Raises:
            MalformedInput: as `verify_value`; `empty`; `too_many_elements`.
        """
        kept = tuple(elements)
        _verify_count(kept)
        for ai, value in kept:
            verify_value(ai, value)
        return cls(kept)

    def value(self, ai: str) -> str | None:
        """The value of the first element with this identifier, None if absent."""
        for found, value in self.elements:
            if found == ai:
                return value
        return None

    def to_text(self, *, separator: str = GS) -> str:
        """What a symbol carries after its leading FNC1."""
        parts: list[str] = []
        for position, (ai, value) in enumerate(self.elements, start=1):
            parts.append(ai + value)
            if position < len(self.elements) and not get_ai(ai).is_predefined:
                parts.append(separator)
        return "".join(parts)

    def to_bracketed(self) -> str:
        r"""The text under a symbol; a bracket inside a value is written `\(`."""
        return "".join(
            f"({ai})" + value.replace("(", r"\(") for ai, value in self.elements
        )

    def __iter__(self) -> Iterator[Element]:
        return iter(self.elements)

    def __len__(self) -> int:
        return len(self.elements)


# The labels of a lot share all their values but one.
@lru_cache(maxsize=1_024)
def verify_value(ai: str, value: str) -> None:
    """Check a value against the components and linters of its identifier.

    Raises:
        MalformedInput: `unknown_ai`, `empty`, `too_short`, `too_long`, or the code of
            a linter; `field` is the identifier in brackets.
    """
    _verify_entry(get_ai(ai), value)


def build_element_string(elements: Iterable[Element]) -> str:
    """The text a symbol carries for `elements`, with FNC1 as GS where needed.

    Raises:
        MalformedInput: as `ElementString.of`.
    """
    return ElementString.of(elements).to_text()


def build_bracketed(elements: Iterable[Element]) -> str:
    """The human readable text `(01)…(10)…` of `elements`.

    Raises:
        MalformedInput: as `ElementString.of`.
    """
    return ElementString.of(elements).to_bracketed()


def parse_element_string(text: str, *, separators: str = GS) -> ElementString:
    """Read what a scanner sent, with or without its symbology identifier.

    Args:
        text: the data; a leading separator is FNC1 in first position.
        separators: characters that stand for FNC1 inside the data.

    Raises:
        MalformedInput: `empty`, `unknown_symbology`, `not_gs1_symbology`,
            `unknown_ai`, `too_many_elements`, or as `verify_value`.
    """
    _verify_size(text)
    symbology, data = split_symbology(text)
    if symbology is not None and not symbology.is_gs1:
        raise MalformedInput(
            "not_gs1_symbology",
            got=symbology.identifier,
            wanted="a symbol with FNC1 in first position",
        )
    for separator in separators:
        if separator != GS:
            data = data.replace(separator, GS)
    return ElementString(split_elements(data))


def split_elements(data: str) -> tuple[Element, ...]:
    """Cut GS separated `data` without symbology identifier into verified elements.

    Raises:
        MalformedInput: as `parse_element_string`.
    """
    elements: list[Element] = []
    position, end = _after_separators(data, 0), len(data)
    while position < end:
        entry = find_ai_at(data, position)
        if entry is None:
            raise MalformedInput(
                "unknown_ai",
                field="element_string",
                got=data[position : position + 4],
                wanted="an application identifier of the GS1 table",
            )
        start = position + len(entry.ai)
        stop = _value_end(entry, data, start)
        value = data[start:stop]
        _verify_entry(entry, value)
        elements.append((entry.ai, value))
        position = _after_separators(data, stop)
    _verify_count(elements)
    return tuple(elements)


def parse_bracketed(text: str) -> ElementString:
    r"""Read `(01)…(10)…`; blanks around values are dropped, `\(` is a bracket.

    Raises:
        MalformedInput: `empty`, `bad_brackets`, `unknown_ai`, `too_many_elements`,
            or as `verify_value`.
    """
    _verify_size(text)
    text = text.strip(" ")
    elements: list[Element] = []
    position = 0
    while position < len(text):
        opened = _BRACKETED_AI.match(text, position)
        if opened is None:
            raise MalformedInput(
                "bad_brackets",
                field="element_string",
                got=text[position:],
                wanted=r"an identifier in brackets; a bracket in a value as \(",
            )
        found = _BRACKETED_VALUE.match(text, opened.end())
        position = found.end() if found else opened.end()
        value = text[opened.end() : position].replace("\\(", "(").strip(" ")
        verify_value(opened[1], value)
        elements.append((opened[1], value))
    _verify_count(elements)
    return ElementString(tuple(elements))


def _after_separators(data: str, position: int) -> int:
    while data.startswith(GS, position):
        position += 1
    return position


def _value_end(entry: ApplicationIdentifier, data: str, start: int) -> int:
    if entry.is_predefined:
        return start + entry.max_length
    stop = data.find(GS, start)
    return len(data) if stop < 0 else stop


def _verify_size(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise MalformedInput(
            "too_long", got=len(text), wanted=f"at most {MAX_CHARACTERS} characters"
        )


def _verify_count(elements: tuple[Element, ...] | list[Element]) -> None:
    if not elements:
        raise MalformedInput(
            "empty", field="element_string", wanted="an application identifier"
        )
    if len(elements) > MAX_ELEMENTS:
        raise MalformedInput(
            "too_many_elements",
            field="element_string",
            got=len(elements),
            wanted=f"at most {MAX_ELEMENTS}",
        )


def _verify_entry(entry: ApplicationIdentifier, value: str) -> None:
    field = f"({entry.ai})"
    if not value:
        raise MalformedInput("empty", field=field, wanted="a value")
    if len(value) > entry.max_length:
        raise MalformedInput(
            "too_long",
            field=field,
            got=value,
            wanted=f"at most {entry.max_length} characters",
        )
    position = 0
    for min_length, max_length, is_optional, checks in _checks_of(entry):
        if is_optional and position == len(value):
            return
        part = value[position : position + max_length]
        if len(part) < min_length:
            raise MalformedInput(
                "too_short",
                field=field,
                got=value,
                wanted=f"{min_length} characters from position {position + 1}",
            )
        for check in checks:
            check(part, field)
        position += max_length


def _checks_of(
    entry: ApplicationIdentifier,
) -> tuple[tuple[int, int, bool, tuple[Linter, ...]], ...]:
    found = _CHECKS.get(entry.ai)
    if found is None:
        found = _CHECKS[entry.ai] = tuple(
            (
                part.min_length,
                part.max_length,
                part.is_optional,
                (
                    _CHARSET_LINTERS[part.charset],
                    *(LINTERS[name] for name in part.linters),
                ),
            )
            for part in entry.components
        )
    return found
