"""A set of ordinals without a library: one integer, one bit an ordinal.

The law of custody works on anything that knows `& | - <=` and `len`. The outsider
uses this; the server uses roaring bitmaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, Self

from .errors import MalformedInput
from .ranges import ranges_of

Range = tuple[int, int]
_HIGHEST = 2**32 - 1


class UnitSet(Protocol):
    """What the law asks of a set of units."""

    def __and__(self, other: Self, /) -> Self: ...
    def __or__(self, other: Self, /) -> Self: ...
    def __sub__(self, other: Self, /) -> Self: ...
    def __le__(self, other: Self, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...


class Ordinals:
    """An immutable set of ordinals from 0 to 2^32 - 1."""

    __slots__ = ("_bits",)

    def __init__(self, bits: int = 0) -> None:
        self._bits = bits

    @classmethod
    def of(cls, ordinals: Iterable[int]) -> Self:
        """The set of the given ordinals, in any order."""
        bits = 0
        for ordinal in ordinals:
            bits |= 1 << _checked(ordinal)
        return cls(bits)

    @classmethod
    def from_ranges(cls, ranges: Iterable[Range]) -> Self:
        """The set of inclusive ranges."""
        bits = 0
        for first, last in ranges:
            width = _checked(last) - _checked(first) + 1
            if width < 1:
                raise MalformedInput(
                    "bad_range", got=[first, last], wanted="first <= last"
                )
            bits |= ((1 << width) - 1) << first
        return cls(bits)

    def __and__(self, other: Ordinals, /) -> Self:
        return type(self)(self._bits & other._bits)

    def __or__(self, other: Ordinals, /) -> Self:
        return type(self)(self._bits | other._bits)

    def __sub__(self, other: Ordinals, /) -> Self:
        return type(self)(self._bits & ~other._bits)

    def __le__(self, other: Ordinals, /) -> bool:
        return self._bits & ~other._bits == 0

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ordinals) and self._bits == other._bits

    def __hash__(self) -> int:
        return hash(self._bits)

    def __iter__(self) -> Iterator[int]:
        bits = self._bits
        base = 0
        while bits:
            word = bits & 0xFFFFFFFFFFFFFFFF
            while word:
                low = word & -word
                yield base + low.bit_length() - 1
                word ^= low
            bits >>= 64
            base += 64

    def __repr__(self) -> str:
        return f"Ordinals({ranges_of(self)})"


def _checked(ordinal: int) -> int:
    if not 0 <= ordinal <= _HIGHEST:
        raise MalformedInput("bad_ordinal", got=ordinal, wanted="0 to 2^32 - 1")
    return ordinal
