"""How custody keeps sets and vectors in rows."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pyroaring import BitMap

from apps.core.errors import IntegrityBreach

CHUNK: Final = 1_024
_EMPTY_VECTOR: Final = bytes(4 * CHUNK)


def to_bytes(units: BitMap) -> bytes:
    """A set as it is stored; these bytes are not canonical and never signed.

    What stands in a row is kept as its ends: a pallet takes 15 bytes instead of 4,000.
    """
    units.run_optimize()
    return units.serialize()


def to_set(stored: bytes | memoryview) -> BitMap:
    """The set behind stored bytes; empty bytes are the empty set.

    Raises:
        IntegrityBreach: `set_unreadable`.
    """
    data = bytes(stored)
    try:
        return BitMap.deserialize(data) if data else BitMap()
    except ValueError as error:
        raise IntegrityBreach("set_unreadable") from error


def whole(size: int) -> BitMap:
    """All ordinals of a batch of `size` units."""
    return BitMap(range(size))


def ranges(units: BitMap) -> Iterator[tuple[int, int]]:
    """Inclusive ranges of a set, ascending, not touching."""
    if units and units.max() - units.min() + 1 == len(units):
        # A lot of a million is one range; asking each of its units takes a second.
        yield units.min(), units.max()
        return
    first = last = -2
    for ordinal in units:
        if ordinal == last + 1:
            last = ordinal
            continue
        if last >= 0:
            yield first, last
        first = last = ordinal
    if last >= 0:
        yield first, last


class ChunkEnds(NamedTuple):
    """The first and the last unit of a set within one chunk, as offsets up to 1,023."""

    chunk_no: int
    first: int
    last: int


def chunk_ends(units: BitMap) -> Iterator[ChunkEnds]:
    """The chunks of 1,024 ordinals that `units` touches, ascending."""
    place, count = 0, len(units)
    while place < count:
        number, first = divmod(units[place], CHUNK)
        # By rank: cutting off what was seen copies the rest for every chunk.
        place = units.rank((number + 1) * CHUNK - 1)
        yield ChunkEnds(number, first, units[place - 1] % CHUNK)


def chunk_numbers(units: BitMap) -> list[int]:
    """The numbers of these chunks."""
    return [ends.chunk_no for ends in chunk_ends(units)]


def within(units: BitMap, chunk_no: int) -> BitMap:
    """The part of `units` in one chunk, as offsets from 0 to 1,023."""
    base = chunk_no * CHUNK
    part = units & BitMap(range(base, base + CHUNK))
    return part.shift(-base)


def read_vector(stored: bytes | memoryview) -> array[int]:
    """A vector of 1,024 row numbers; 0 means none.

    Raises:
        IntegrityBreach: `set_unreadable`.
    """
    vector = array("I")
    try:
        vector.frombytes(bytes(stored) or _EMPTY_VECTOR)
    except ValueError as error:
        raise IntegrityBreach("set_unreadable") from error
    return vector


def vector_at(stored: bytes, place: int) -> int:
    """The row number at `place` of a vector; PostgreSQL has this as a function too."""
    return int.from_bytes(stored[4 * place : 4 * place + 4], "little")


def written(vector: array[int], offsets: BitMap, row: int) -> array[int]:
    """`vector` with `row` at every offset of the set."""
    for first, last in ranges(offsets):
        vector[first : last + 1] = array("I", [row]) * (last - first + 1)
    return vector


def rows_at(vector: array[int], offsets: BitMap) -> set[int]:
    """The row numbers at the offsets, 0 left out."""
    rows: set[int] = set()
    for first, last in ranges(offsets):
        rows.update(vector[first : last + 1])
    rows.discard(0)
    return rows


def chunked(serials: Sequence[str], *, base: int) -> Iterator[Sequence[str]]:
    """Serials of ordinals from `base` on, in the chunks that these stand in.

    The first and the last may hold fewer than 1,024.
    """
    start, end = 0, CHUNK - base % CHUNK
    while start < len(serials):
        yield serials[start:end]
        start, end = end, end + CHUNK


def in_order(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts sorted, a group after the other.

    They are parted by the first character in which they differ, so that the server works
    on one group while the next is sorted here.
    """
    ends = zip(min(texts, default=""), max(texts, default=""), strict=False)
    shared = next((at for at, (low, high) in enumerate(ends) if low != high), 0)
    groups: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        groups[text[shared : shared + 1]].append(text)
    for start in sorted(groups):
        groups[start].sort()
        yield groups[start]
