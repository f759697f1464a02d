"""Percent-encoding of values in the path and in the query of a Digital Link.

Source: RFC 3986 section 2; in the query a blank is written `+`, in the path it is
a plus sign like any other.
"""

from __future__ import annotations

import re
from typing import Final

_UNRESERVED: Final = frozenset(
    "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_SEQUENCE: Final = re.compile(r"%([0-9A-Fa-f]{2})")


def encode_path(value: str) -> str:
    """`value` for a path segment; characters above U+00FF as UTF-8."""
    if _UNRESERVED.issuperset(value):
        return value
    return "".join(
        character if character in _UNRESERVED else _escape(character)
        for character in value
    )


def encode_query(value: str) -> str:
    """`value` for a query attribute, blanks as plus signs."""
    return "+".join(encode_path(word) for word in value.split(" "))


def decode_path(text: str) -> str:
    """The value of a path segment; a broken sequence stays as it is.

    One byte becomes one character, so nothing outside ASCII passes for ASCII.
    """
    if "%" not in text:
        return text
    return _SEQUENCE.sub(lambda found: chr(int(found[1], 16)), text)


def decode_query(text: str) -> str:
    """The value of a query attribute, plus signs as blanks."""
    return decode_path(text.replace("+", " "))


def _escape(character: str) -> str:
    if ord(character) < 0x100:
        return f"%{ord(character):02X}"
    raw = character.encode("utf-8", "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in raw)
