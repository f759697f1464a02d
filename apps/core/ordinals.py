"""A set of ordinals without a library: integers of 1,024 bits, one for each chunk.

The law of custody works on anything that knows `& | - <=` and `len`. The outsider
uses this; the server uses roaring bitmaps. One integer for the whole set would cost a
holder of one pack as much as the holder of a million; this costs each what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol, Self

from .errors import MalformedInput
from .ranges import Ranges

Range = tuple[int, int]
_HIGHEST = 2**32 - 1
_SHIFT: Final = 10
_WIDTH: Final = 1 << _SHIFT
_FULL: Final = (1 << _WIDTH) - 1


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

    __slots__ = ("_chunks",)

    def __init__(self, chunks: Mapping[int, int] | None = None) -> None:
        # By number of the chunk: its bits. A chunk without bits is left out, so that
        # equal sets are equal maps.
        self._chunks: Mapping[int, int] = chunks or {}

    @classmethod
    def of(cls, ordinals: Iterable[int]) -> Self:
        """The set of the given ordinals, in any order."""
        chunks: dict[int, int] = {}
        for ordinal in ordinals:
            number = _checked(ordinal) >> _SHIFT
            chunks[number] = chunks.get(number, 0) | 1 << (ordinal & _WIDTH - 1)
        return cls(chunks)

    @classmethod
    def from_ranges(cls, ranges: Iterable[Range]) -> Self:
        """The set of inclusive ranges, in any order."""
        chunks: dict[int, int] = {}
        for first, last in ranges:
            if _checked(last) < _checked(first):
                raise MalformedInput(
                    "bad_range", got=[first, last], wanted="first <= last"
                )
            for number in range(first >> _SHIFT, (last >> _SHIFT) + 1):
                base = number << _SHIFT
                low, high = max(first - base, 0), min(last - base, _WIDTH - 1)
                bits = _FULL >> (_WIDTH - 1 - high + low) << low
                chunks[number] = chunks.get(number, 0) | bits
        return cls(chunks)

    def __and__(self, other: Ordinals, /) -> Self:
        one, two = self._chunks, other._chunks
        if len(one) > len(two):
            one, two = two, one
        both = {n: bits & two[n] for n, bits in one.items() if n in two}
        return type(self)({n: bits for n, bits in both.items() if bits})

    def __or__(self, other: Ordinals, /) -> Self:
        one, two = self._chunks, other._chunks
        if len(one) < len(two):
            one, two = two, one
        made = dict(one)
        for number, bits in two.items():
            made[number] = made.get(number, 0) | bits
        return type(self)(made)

    def __sub__(self, other: Ordinals, /) -> Self:
        made, others = dict(self._chunks), other._chunks
        for number in made.keys() & others.keys():
            bits = made[number] & ~others[number]
            if bits:
                made[number] = bits
            else:
                del made[number]
        return type(self)(made)

    def __le__(self, other: Ordinals, /) -> bool:
        others = other._chunks
        return all(
            number in others and bits & ~others[number] == 0
            for number, bits in self._chunks.items()
        )

    def __len__(self) -> int:
        return sum(map(int.bit_count, self._chunks.values()))

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ordinals) and self._chunks == other._chunks

    def __hash__(self) -> int:
        return hash(frozenset(self._chunks.items()))

    def __iter__(self) -> Iterator[int]:
        for first, last in self.ranges():
            yield from range(first, last + 1)

    def __repr__(self) -> str:
        return f"Ordinals({self.ranges()})"

    def ranges(self) -> Ranges:
        """The one canonical list of inclusive ranges (`ranges`)."""
        made: list[Range] = []
        start, end = 0, -1  # of the range that is still growing
        for number in sorted(self._chunks):
            for first, last in _runs(self._chunks[number], number << _SHIFT):
                if first != end + 1 or end < 0:
                    if end >= 0:
                        made.append((start, end))
                    start = first
                end = last
        if end >= 0:
            made.append((start, end))
        return tuple(made)


def _runs(bits: int, base: int) -> Iterator[Range]:
    """The inclusive ranges of the bits that are set, counted from `base`."""
    if bits == _FULL:
        yield base, base + _WIDTH - 1
        return
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & bits + 1).bit_length() - 1
        bits >>= ones
        base += zeros
        yield base, base + ones - 1
        base += ones


def _checked(ordinal: int) -> int:
    if not 0 <= ordinal <= _HIGHEST:
        raise MalformedInput("bad_ordinal", got=ordinal, wanted="0 to 2^32 - 1")
    return ordinal
