"""Texts for bytes and times: hex, instants and dates, one spelling each."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from .errors import MalformedInput

_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z"
)
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_HEX: Final = re.compile(r"[0-9a-f]*")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
LAST_MS: Final = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last instant that has a text form."""


def decode_hex(text: str, *, size_bytes: int, field: str) -> bytes:
    """The bytes of lower-case hex of exactly `size_bytes`.

    Raises:
        MalformedInput: `bad_hex`.
    """
    if len(text) != 2 * size_bytes or _HEX.fullmatch(text) is None:
        raise MalformedInput(
            "bad_hex",
            field=field,
            got=text,
            wanted=f"{2 * size_bytes} lower-case hex digits",
        )
    return bytes.fromhex(text)


def parse_time_ms(text: str, *, field: str) -> int:
    """Milliseconds since 1970 of `YYYY-MM-DDThh:mm:ss.sssZ`; no other form is read.

    Raises:
        MalformedInput: `bad_time`.
    """
    found = _TIME.fullmatch(text)
    if found is not None:
        *parts, millis = (int(part) for part in found.groups())
        year, month, day, hour, minute, second = parts
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            moment = None
        if moment is not None and moment >= _EPOCH:
            return (moment - _EPOCH) // _MILLISECOND + millis
    raise MalformedInput(
        "bad_time", field=field, got=text, wanted="YYYY-MM-DDThh:mm:ss.sssZ from 1970"
    )


def format_time_ms(ms: int) -> str:
    """`ms` since 1970 as `YYYY-MM-DDThh:mm:ss.sssZ`.

    Raises:
        MalformedInput: `bad_time`: before 1970 or after the year 9999.
    """
    if not 0 <= ms <= LAST_MS:
        raise MalformedInput("bad_time", got=ms, wanted="an instant from 1970 to 9999")
    moment = _EPOCH + ms * _MILLISECOND
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def parse_date(text: str, *, field: str) -> date:
    """The day of `YYYY-MM-DD`.

    Raises:
        MalformedInput: `bad_date`.
    """
    found = _DATE.fullmatch(text)
    if found is not None:
        try:
            return date(*(int(part) for part in found.groups()))
        except ValueError:
            pass
    raise MalformedInput("bad_date", field=field, got=text, wanted="YYYY-MM-DD")
