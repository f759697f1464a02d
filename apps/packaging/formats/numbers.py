"""Numbers of serials as people and machines write them; they count from 1."""

from __future__ import annotations

import re
from typing import Final

from pyroaring import BitMap

from apps.core.errors import MalformedInput
from apps.core.members import json_type

_MOST_PARTS: Final = 10_000
_DIGITS: Final = 7
_PART: Final = re.compile(r"([0-9]{1,7})(?:\s*[-–]\s*([0-9]{1,7}))?")


def read_text(text: str) -> BitMap:
    """The set behind a text such as "1-500, 702".

    Raises:
        MalformedInput: `bad_numbers`.
    """
    units = BitMap()
    for part in filter(None, re.split(r"[,;\s]+(?![-–])(?<![-–]\s)", text.strip())):
        found = _PART.fullmatch(part)
        if found is None:
            raise _wrong(part)
        first = int(found[1])
        _add(units, first, int(found[2] or first), part)
    return units


def read_ranges(value: object, *, field: str = "numbers") -> BitMap:
    """The set behind [[first, last], …], inclusive.

    Raises:
        MalformedInput: `wrong_type`, `bad_numbers`.
    """
    if not isinstance(value, list) or len(value) > _MOST_PARTS:
        raise MalformedInput(
            "wrong_type",
            field=field,
            got=json_type(value),
            wanted=f"at most {_MOST_PARTS} pairs [first, last]",
        )
    units = BitMap()
    for pair in value:
        if not isinstance(pair, list) or [type(each) for each in pair] != [int, int]:
            raise _wrong(str(pair))
        _add(units, pair[0], pair[1], str(pair))
    return units


def _add(units: BitMap, first: int, last: int, shown: str) -> None:
    if not 1 <= first <= last < 10**_DIGITS:
        raise _wrong(shown)
    units.add_range(first - 1, last)


def _wrong(got: str) -> MalformedInput:
    return MalformedInput(
        "bad_numbers",
        field="numbers",
        got=got,
        wanted="numbers from 1 on, as 1-500, 702",
    )
