"""The strict JSON reader: I-JSON or a refusal, and no third thing.

Everything that JSON libraries disagree about is refused here, so that nobody can
sign bytes that two programs read in two ways.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn, TypeAlias

from .errors import MalformedInput, located

JsonValue: TypeAlias = (
    "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
)

MAX_SAFE_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 64

# The longest double that its shortest form needs has 25 characters; producers that
# pad with zeros get some room, an attacker's million digits do not.
_MAX_NUMBER_CHARACTERS: Final = 64
# An unterminated string runs to the end, so that every input is read once only.
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
# RFC 7493 section 2.1 forbids surrogates and noncharacters; NUL we never want,
# because PostgreSQL cannot store it and C readers end there.
_FORBIDDEN: Final = re.compile(
    "[\x00\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)


def parse_json(
    data: bytes,
    *,
    max_bytes: int,
    max_depth: int = MAX_DEPTH,
    doubles: bool = False,
    field: str = "body",
) -> JsonValue:
    """Read strict I-JSON: UTF-8 without BOM, no name twice, no unsafe number.

    Args:
        data: the bytes as they came.
        max_bytes: longer input is refused unread.
        max_depth: deepest nesting of arrays and objects.
        doubles: True admits numbers with a fraction or exponent (EPCIS sensor
            values); our own fields hold integers only.
        field: what the bytes are to the sender, for the errors.

    Raises:
        MalformedInput: anything else, and nothing else is raised.
    Source: RFC 8259, RFC 7493 (I-JSON).
    """
    with located(field):
        return _parse(data, max_bytes, max_depth, doubles=doubles)


def walk(value: JsonValue) -> Iterator[JsonValue]:
    """Every value inside `value`, names of members included, without recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        yield item
        if isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def strings(value: JsonValue) -> Iterator[str]:
    """Every string inside `value`, names of members included."""
    return (item for item in walk(value) if isinstance(item, str))


def check_characters(text: str) -> None:
    """Refuse NUL, lone surrogates and noncharacters as `forbidden_character`."""
    if text.isascii() and "\x00" not in text:
        return  # most text, and told without looking at each character
    found = _FORBIDDEN.search(text)
    if found is not None:
        raise MalformedInput(
            "forbidden_character",
            got=f"U+{ord(found.group()):04X}",
            wanted="Unicode text without NUL, surrogates and noncharacters",
        )


def _parse(data: bytes, max_bytes: int, max_depth: int, *, doubles: bool) -> JsonValue:
    if len(data) > max_bytes:
        raise MalformedInput(
            "too_large", got=f"{len(data)} bytes", wanted=f"at most {max_bytes} bytes"
        )
    text = _decode(data)
    _check_depth(data, max_depth)
    value = _load(text, doubles=doubles)
    if "\\u" in text:
        for string in strings(value):
            check_characters(string)
    else:
        check_characters(text)
    return value


def _decode(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise MalformedInput(
            "byte_order_mark", got="EF BB BF first", wanted="UTF-8 without BOM"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedInput(
            "not_utf8", got=f"byte {error.start} does not decode", wanted="UTF-8"
        ) from None


def _check_depth(data: bytes, max_depth: int) -> None:
    # Counting is cheap; only input with many brackets is looked at closely.
    if data.count(b"[") + data.count(b"{") <= max_depth:
        return
    depth = 0
    for bracket in re.findall(rb"[\[\]{}]", _STRING.sub(b"", data)):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            raise MalformedInput(
                "too_deep",
                got=f"{depth} levels or more",
                wanted=f"at most {max_depth} levels",
            )


def _load(text: str, *, doubles: bool) -> JsonValue:
    decoder = _DECODER_OF_DOUBLES if doubles else _DECODER
    try:
        value: JsonValue = decoder.decode(text)
    except ValueError as error:
        where = f" at character {error.pos}" if hasattr(error, "pos") else ""
        raise MalformedInput("not_json", got=f"no JSON{where}", wanted="JSON") from None
    except RecursionError:
        # A bracket inside an unterminated string can hide from the count above.
        raise MalformedInput(
            "too_deep", got="more levels than can be read", wanted="less nesting"
        ) from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = dict(pairs)
    if len(made) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise MalformedInput("duplicate_name", got=twice, wanted="every name once")
    return made


def _parse_integer(literal: str) -> int:
    if len(literal) > 17 or literal == "-0":
        raise MalformedInput("bad_number", got=literal, wanted="an integer below 2^53")
    number = int(literal)
    if abs(number) > MAX_SAFE_INTEGER:
        raise MalformedInput("bad_number", got=literal, wanted="an integer below 2^53")
    return number


def _parse_double(literal: str) -> float:
    if len(literal) > _MAX_NUMBER_CHARACTERS:
        raise MalformedInput("bad_number", got=literal, wanted="fewer digits")
    number = float(literal)
    if not math.isfinite(number):
        raise MalformedInput("bad_number", got=literal, wanted="a finite number")
    if number == 0 and math.copysign(1, number) < 0:
        raise MalformedInput("bad_number", got=literal, wanted="0, which has no sign")
    return number


def _refuse_double(literal: str) -> NoReturn:
    raise MalformedInput("not_an_integer", got=literal, wanted="an integer")


def _refuse_constant(literal: str) -> NoReturn:
    raise MalformedInput("bad_number", got=literal, wanted="a finite number")


def _decoder(parse_float: Callable[[str], float]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_int=_parse_integer,
        parse_float=parse_float,
        parse_constant=_refuse_constant,
    )


_DECODER: Final = _decoder(_refuse_double)
_DECODER_OF_DOUBLES: Final = _decoder(_parse_double)
