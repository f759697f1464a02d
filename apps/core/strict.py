"""Strict readers of small text fields: one value has one spelling.

The C2SP texts write hashes in padded standard base64 (RFC 4648 section 4) and
numbers in decimal without leading zeros. A second spelling of the same value
would make one proof look like two, so it is refused here once for all of them.
"""

from __future__ import annotations

import base64
import binascii

from .errors import MalformedInput

# Sizes and times fit a signed 64-bit integer in every log implementation.
MAX_INT64 = 2**63 - 1
_MAX_DIGITS = len(str(MAX_INT64))


def parse_base64(text: str, *, field: str, size_bytes: int | None = None) -> bytes:
    """The bytes that `text` spells in padded standard base64.

    Raises:
        MalformedInput: another alphabet, missing padding, stray bits after the
            last byte, or not `size_bytes` long.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedInput(
            "bad_base64", field=field, got=text, wanted="padded standard base64"
        ) from error
    if format_base64(value) != text:
        raise MalformedInput(
            "bad_base64", field=field, got=text, wanted=format_base64(value)
        )
    if size_bytes is not None and len(value) != size_bytes:
        raise MalformedInput(
            "bad_length", field=field, got=len(value), wanted=f"{size_bytes} bytes"
        )
    return value


def format_base64(value: bytes) -> str:
    """`value` in padded standard base64."""
    return base64.b64encode(value).decode("ascii")


def parse_decimal(text: str, *, field: str, maximum: int = MAX_INT64) -> int:
    """The number that `text` spells in ASCII decimal without leading zeros.

    Raises:
        MalformedInput: anything but digits, a leading zero, above `maximum`.
    """
    well_formed = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if not well_formed or (text[0] == "0" and text != "0"):
        raise MalformedInput(
            "bad_number", field=field, got=text, wanted="decimal, no leading zeros"
        )
    value = int(text)
    if value > maximum:
        raise MalformedInput(
            "number_too_large", field=field, got=text, wanted=f"at most {maximum}"
        )
    return value


def parse_utf8(data: bytes, *, field: str) -> str:
    """`data` as text.

    Raises:
        MalformedInput: it is not valid UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedInput(
            "not_utf8", field=field, got=f"byte {error.start}", wanted="UTF-8"
        ) from error
