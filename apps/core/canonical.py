"""JSON with one spelling: strict I-JSON in, RFC 8785 bytes out.

What is signed is bytes. So that two programs cannot read one signature two ways,
the reader refuses everything that JSON libraries disagree about (duplicate names,
lone surrogates, numbers beyond 2^53 - 1, NaN), and the writer has one form only.
"""

from __future__ import annotations

import math
import re
import unicodedata
from json.encoder import JSONEncoder, encode_basestring
from typing import Final

from .assigned import verify_assigned
from .errors import MalformedInput, located
from .strict_json import (
    MAX_DEPTH,
    MAX_SAFE_INTEGER,
    JsonValue,
    check_characters,
    parse_json,
    strings,
    walk,
)

__all__ = [
    "MAX_SAFE_INTEGER",
    "JsonValue",
    "canonical_bytes",
    "format_double",
    "may_hold_doubles",
    "parse_canonical",
    "parse_json",
    "verify_integers_only",
    "verify_nfc",
]


# The library's own writer, in C. It orders names by code points, not by UTF-16 units,
# and lays out doubles as Python does; in all else it writes as RFC 8785 wants.
_write_plainly: Final = JSONEncoder(
    check_circular=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True
).encode
# Where a double could stand: after a name, or in a list. That some text inside strings
# looks so, too, is no harm. Each begins with its own bytes: so they are found fast.
_DOUBLES: Final = (
    re.compile(rb'":-?[0-9]+[.eE]'),
    re.compile(rb"\[-?[0-9]+[.eE]"),
    re.compile(rb",-?[0-9]+[.eE]"),
)


def canonical_bytes(value: JsonValue) -> bytes:
    """The one RFC 8785 spelling of `value`.

    Raises:
        MalformedInput: a value that has no spelling here: integers beyond
            2^53 - 1, NaN, infinities, -0, lone surrogates, NUL, deep nesting.
    """
    parts: list[str] = []
    _write(value, parts, MAX_DEPTH)
    text = "".join(parts)
    # Control characters are escaped by now, so only surrogates and
    # noncharacters can still be found; NUL is refused where strings are written.
    check_characters(text)
    return text.encode("utf-8")


def parse_canonical(
    data: bytes, *, max_bytes: int, doubles: bool = False, field: str = "body"
) -> JsonValue:
    """Read bytes that must already be RFC 8785 and NFC; nothing is repaired.

    Raises:
        MalformedInput: `not_canonical`, or as `verify_nfc` or `parse_json`.
    """
    value = parse_json(data, max_bytes=max_bytes, doubles=doubles, field=field)
    if _is_spelled_plainly(value, data):
        return value
    with located(field):
        if canonical_bytes(value) != data:
            raise MalformedInput(
                "not_canonical",
                got=f"{len(data)} bytes of JSON",
                wanted="their RFC 8785 form, byte for byte",
            )
        verify_nfc(value)
    return value


def _is_spelled_plainly(value: JsonValue, data: bytes) -> bool:
    """Whether `data` is ASCII without doubles and in RFC 8785 form: told quickly.

    False says nothing. Such text is in NFC, because all of its strings are ASCII.
    """
    if not data.isascii() or not isinstance(value, dict | list):
        return False
    return _write_plainly(value).encode() == data and not may_hold_doubles(data)


def may_hold_doubles(data: bytes) -> bool:
    """Whether JSON without white space may hold a double; False is certain."""
    return any(pattern.search(data) for pattern in _DOUBLES)


def verify_nfc(value: JsonValue) -> None:
    """Check that every string and name in `value` is in Unicode form NFC.

    Raises:
        MalformedInput: `not_nfc`. A look-alike spelling would be a second name
            for one thing; repairing it would change what was signed.
            `unassigned_character`: of such text no version of Unicode but the
            reader's own says whether it is NFC.
    """
    for string in strings(value):
        verify_assigned(string)
        if not unicodedata.is_normalized("NFC", string):
            raise MalformedInput("not_nfc", got=string, wanted="Unicode form NFC")


def verify_integers_only(value: JsonValue, *, field: str = "") -> None:
    """Check that no double hides in `value`.

    Raises:
        MalformedInput: `not_an_integer`.
    """
    for item in walk(value):
        if isinstance(item, float):
            raise MalformedInput(
                "not_an_integer", field=field, got=item, wanted="an integer"
            )


def format_double(number: float) -> str:
    """`number` as ECMAScript's Number::toString writes it.

    Raises:
        MalformedInput: NaN or an infinity.
    Source: RFC 8785 section 3.2.2.3, ECMA-262 section 6.1.6.1.20.
    """
    if not math.isfinite(number):
        raise MalformedInput("bad_number", got=number, wanted="a finite number")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    # Python and ECMAScript agree on the shortest digits, not on how to lay them out.
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    return sign + _lay_out(stripped.rstrip("0"), point)


def _lay_out(digits: str, point: int) -> str:
    """`digits` with the decimal point after the first `point` of them."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{tail}e{point - 1:+d}"


def _write(value: JsonValue, parts: list[str], depth: int) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            check_characters(value)
        parts.append(encode_basestring(value))
    elif isinstance(value, dict):
        _write_object(value, parts, _descend(depth))
    elif isinstance(value, list | tuple):
        _write_array(value, parts, _descend(depth))
    else:
        parts.append(_scalar(value))


def _descend(depth: int) -> int:
    if depth == 0:
        raise MalformedInput(
            "too_deep",
            got=f"more than {MAX_DEPTH} levels",
            wanted=f"at most {MAX_DEPTH} levels",
        )
    return depth - 1


def _write_object(value: dict[str, JsonValue], parts: list[str], depth: int) -> None:
    opener = "{"
    for name in sorted(value, key=_utf16):
        parts.append(opener)
        _write(name, parts, depth)
        parts.append(":")
        _write(value[name], parts, depth)
        opener = ","
    parts.append("}" if value else "{}")


def _write_array(value: list[JsonValue], parts: list[str], depth: int) -> None:
    texts = _texts(value)
    if texts is not None:
        parts.append(f"[{texts}]")
        return
    opener = "["
    for item in value:
        parts.append(opener)
        _write(item, parts, depth)
        opener = ","
    parts.append("]" if value else "[]")


def _texts(value: list[JsonValue]) -> str | None:
    """The items of a list of strings, written at once; None for any other list.

    A case names hundreds of packs, and a line of a bundle a thousand serials.
    """
    if not all(type(item) is str for item in value):
        return None
    texts = ",".join(map(encode_basestring, value))  # type: ignore[arg-type]  # str all
    # A NUL would be refused; a backslash before these letters only looks like one.
    return None if "\\u0000" in texts else texts


def _utf16(name: str) -> bytes:
    # RFC 8785 section 3.2.3: names sort by UTF-16 code units, as JavaScript does.
    if not isinstance(name, str):
        raise MalformedInput("wrong_type", got=name, wanted="names that are text")
    return name.encode("utf-16-be", "surrogatepass")


def _scalar(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise MalformedInput(
                "bad_number",
                got="an integer of 2^53 or more",
                wanted="an integer below 2^53",
            )
        return str(value)
    if isinstance(value, float):
        return _double(value)
    raise MalformedInput("wrong_type", got=type(value).__name__, wanted="JSON")


def _double(number: float) -> str:
    text = format_double(number)
    if number == 0 and math.copysign(1, number) < 0:
        raise MalformedInput("bad_number", got="-0", wanted="0, which has no sign")
    # What reads back as an integer must be an integer that reads back.
    if "." not in text and "e" not in text and abs(number) > MAX_SAFE_INTEGER:
        raise MalformedInput("bad_number", got=text, wanted="an integer below 2^53")
    return text
