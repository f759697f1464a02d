"""Bytes as decimal digits: the densest text that a QR code has a mode of its own for.

Every 7 bytes, read as one big-endian number, are 17 digits; the last 1 to 6 bytes are
as many as their largest number has. That is 2.43 digits a byte, 3.4 bits each in a QR
code, and no reader, address line or keyboard changes a digit into something else.
"""

from __future__ import annotations

from typing import Final

from .errors import MalformedInput

_CHUNK: Final = 7
# How many digits the largest number of so many bytes has.
_DIGITS: Final = tuple(len(str(256**size - 1)) if size else 0 for size in range(8))
_SIZES: Final = {digits: size for size, digits in enumerate(_DIGITS)}


def encode_digits(data: bytes) -> str:
    """`data` as decimal digits."""
    parts = (data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
    return "".join(
        str(int.from_bytes(part, "big")).zfill(_DIGITS[len(part)]) for part in parts
    )


def decode_digits(text: str, *, field: str) -> bytes:
    """The bytes that `text` spells; each byte string has one spelling.

    Raises:
        MalformedInput: `bad_digits`: something else than the digits 0 to 9, a number
            of them that no bytes give, or a number too large for its bytes.
    """
    if not (text.isascii() and (text.isdigit() or not text)):
        raise MalformedInput("bad_digits", field=field, got=text, wanted="digits only")
    width = _DIGITS[_CHUNK]
    parts = [text[at : at + width] for at in range(0, len(text), width)]
    return b"".join(_decode_part(part, field=field) for part in parts)


def _decode_part(part: str, *, field: str) -> bytes:
    size = _SIZES.get(len(part))
    if size is None:
        wanted = f"groups of {_DIGITS[_CHUNK]}, the last of {sorted(_SIZES)[1:]}"
        raise MalformedInput(
            "bad_digits", field=field, got=f"{len(part)} at the end", wanted=wanted
        )
    number = int(part)
    if number >= 256**size:
        raise MalformedInput(
            "bad_digits", field=field, got=part, wanted=f"a number of {size} bytes"
        )
    return number.to_bytes(size, "big")
