"""How serials of a pool are drawn, how sure nobody guesses one, and how sets are kept."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

from pyroaring import BitMap

from apps.core.errors import IntegrityBreach, MalformedInput

# Within GS1 set 82, upper case; without 0 O, 1 I L and U, which people misread.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CHUNK: Final = 1_024
MOST: Final = 1_000_000  # serials of one pool
LONGEST: Final = 20  # GS1 General Specifications, AI 21
DEFAULT_LENGTH: Final = 16
# We promise that a guess is right once in 10^12; EU 2016/161 Article 4 (c) asks 10^4.
ODDS: Final = 10**12
_DRAWN_AT_ONCE: Final = 10_000
# 240 of 256 bytes give every character eight times; the others are thrown away, so
# that none is likelier than another.
_USED: Final = 256 - 256 % len(ALPHABET)
_TABLE: Final = bytes(ord(ALPHABET[each % len(ALPHABET)]) for each in range(256))
_UNUSED: Final = bytes(range(_USED, 256))


def odds_of(*, length: int, known_units: int) -> int:
    """One guess in so many is right: ALPHABET^length / valid serials, rounded down."""
    return int(len(ALPHABET) ** length // max(known_units, 1))


def shortest(*, known_units: int) -> int:
    """The least length at which a guess is right at most once in `ODDS`."""
    length = 1
    while odds_of(length=length, known_units=known_units) < ODDS:
        length += 1
    return length


def verify_length(*, length: int, known_units: int) -> None:
    """Check that serials of `length` characters stay unguessable.

    Args:
        known_units: serials of the product that are valid, those of the new pool too.

    Raises:
        MalformedInput: `out_of_range`; `guessable`.
    """
    if not 1 <= length <= LONGEST:
        raise MalformedInput(
            "out_of_range", field="length", got=length, wanted=f"1 to {LONGEST}"
        )
    if odds_of(length=length, known_units=known_units) < ODDS:
        raise MalformedInput(
            "guessable",
            field="length",
            got=f"{length} characters for {known_units} serials",
            wanted=f"at least {shortest(known_units=known_units)} characters: a guess"
            " may be right once in 10¹²",
        )


def draw_serials(*, length: int) -> Iterator[str]:
    """Random serials without end, from the system's cryptographic source."""
    rest = b""
    while True:
        drawn = secrets.token_bytes(length * _DRAWN_AT_ONCE)
        rest += drawn.translate(_TABLE, _UNUSED)
        whole = len(rest) - len(rest) % length
        text, rest = rest[:whole].decode("ascii"), rest[whole:]
        for start in range(0, whole, length):
            yield text[start : start + length]


def to_bytes(units: BitMap) -> bytes:
    """A set of numbers as it is stored: what stands in a row is kept as its ends.

    The first of what is free comes number by number: 500 printed took 1,016 bytes, not 15.
    """
    units.run_optimize()
    return units.serialize()


def to_set(stored: bytes | memoryview) -> BitMap:
    """The set behind stored bytes; none are the empty set.

    Raises:
        IntegrityBreach: `set_unreadable`.
    """
    data = bytes(stored)
    try:
        return BitMap.deserialize(data) if data else BitMap()
    except ValueError as error:
        raise IntegrityBreach("set_unreadable") from error
