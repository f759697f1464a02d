"""RLP, in its one canonical spelling: bytes, or lists of such.

Source: Yellow Paper, appendix B.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ..errors import MalformedInput

Item: TypeAlias = "bytes | list[Item]"

_MAX_DEPTH: Final = 16
_LONGEST_SHORT: Final = 55


def decode_rlp(data: bytes) -> Item:
    """The one item that `data` is.

    Raises:
        MalformedInput: `bad_rlp`: cut short, followed by more, too deep, or written in
            more bytes than needed.
    """
    item, end = _item(data, 0, len(data), _MAX_DEPTH)
    if end != len(data):
        raise _bad("more after the end")
    return item


def encode_uint(number: int) -> bytes:
    """The RLP of a number that is not negative: its shortest bytes, 0 none."""
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(data) == 1 and data[0] < 0x80:
        return data
    return bytes([0x80 + len(data)]) + data


def decode_uint(item: Item, *, field: str) -> int:
    """The number that `item` is.

    Raises:
        MalformedInput: `bad_rlp`: a list, or zeros in front.
    """
    if isinstance(item, list) or item[:1] == b"\0":
        raise _bad("no number", field=field)
    return int.from_bytes(item, "big")


def _item(data: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    """The item at `at`, and where it ends; nothing behind `end` belongs to it."""
    if at >= end:
        raise _bad("cut short")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    is_list = first >= 0xC0
    start, stop = _payload(data, at, end, 0xC0 if is_list else 0x80)
    if is_list:
        return _items(data, start, stop, depth - 1), stop
    if stop - start == 1 and data[start] < 0x80:
        raise _bad("a length that is not needed")
    return data[start:stop], stop


def _items(data: bytes, at: int, end: int, depth: int) -> list[Item]:
    if depth < 0:
        raise _bad("too deep")
    items = []
    while at < end:
        item, at = _item(data, at, end, depth)
        items.append(item)
    return items


def _payload(data: bytes, at: int, end: int, base: int) -> tuple[int, int]:
    """Where the payload behind a length begins and ends."""
    size = data[at] - base
    start = at + 1
    if size > _LONGEST_SHORT:
        start += size - _LONGEST_SHORT
        written = data[at + 1 : start]
        size = int.from_bytes(written, "big")
        if start > end or written[:1] == b"\0" or size <= _LONGEST_SHORT:
            raise _bad("a length that is cut short or not needed")
    if start + size > end:
        raise _bad("cut short")
    return start, start + size


def _bad(got: str, *, field: str = "") -> MalformedInput:
    return MalformedInput("bad_rlp", field=field, got=got, wanted="canonical RLP")
