"""Sets of ordinals in their one canonical form: [[first, last], …].

Ranges are inclusive, ascending and do not touch, so a set has one spelling and one
digest, which is what a signer signs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

from .errors import MalformedInput

# JSON numbers are exact below 2^53 (RFC 8785 section 3.2.2.3).
MAX_ORDINAL = 2**53 - 1

Ranges = tuple[tuple[int, int], ...]


def parse_ranges(value: object, *, field: str) -> Ranges:
    """The ranges in a parsed JSON value.

    Raises:
        MalformedInput: not a list of pairs of integers, out of order, touching, or
            not 0 <= first <= last < 2^53.
    """
    if not isinstance(value, list | tuple):
        raise MalformedInput("bad_ranges", field=field, wanted="a list of pairs")
    ranges = tuple(_parse_pair(pair, field, at) for at, pair in enumerate(value))
    previous = -2
    for place, (first, last) in enumerate(ranges):
        if first <= previous + 1:
            raise MalformedInput(
                "ranges_not_canonical",
                field=f"{field}[{place}]",
                got=f"{first} after {previous}",
                wanted="ascending ranges that do not touch",
            )
        previous = last
    return ranges


def _parse_pair(pair: object, field: str, place: int) -> tuple[int, int]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise MalformedInput(
            "bad_ranges", field=f"{field}[{place}]", wanted="[first, last]"
        )
    first, last = pair
    # bool is an int to Python, and not to JSON.
    if type(first) is not int or type(last) is not int:
        raise MalformedInput(
            "bad_ranges", field=f"{field}[{place}]", wanted="two integers"
        )
    if not 0 <= first <= last <= MAX_ORDINAL:
        raise MalformedInput(
            "bad_ranges",
            field=f"{field}[{place}]",
            got=f"{first} to {last}",
            wanted="0 <= first <= last < 2^53",
        )
    return first, last


def ranges_of(ordinals: Iterable[int]) -> Ranges:
    """The canonical ranges of ordinals in any order, repeated or not.

    Raises:
        MalformedInput: an ordinal outside 0 to 2^53 - 1.
    """
    ranges: list[list[int]] = []
    for ordinal in sorted(ordinals):
        if ranges and ordinal <= ranges[-1][1] + 1:
            ranges[-1][1] = ordinal
        else:
            ranges.append([ordinal, ordinal])
    return parse_ranges(ranges, field="set")


def count_of(ranges: Ranges) -> int:
    """How many ordinals the ranges hold."""
    return sum(last - first + 1 for first, last in ranges)


def set_digest(ranges: Ranges) -> bytes:
    r"""The signed digest: SHA-256("pharmatrace/set/v1\0" ‖ JCS(ranges)).

    Raises:
        MalformedInput: the ranges are not canonical.
    """
    canonical = parse_ranges(ranges, field="set")
    # For nested lists of integers compact JSON is JCS.
    text = json.dumps(canonical, separators=(",", ":"))
    return sha256(b"pharmatrace/set/v1\0" + text.encode("ascii")).digest()
