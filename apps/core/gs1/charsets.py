"""The character sets of GS1 values, all of them plain ASCII.

Source: GS1 General Specifications section 7.11 (sets 82, 39 and 64).
"""

from __future__ import annotations

from ..errors import MalformedInput

DIGITS = frozenset("0123456789")
CSET39_TEXT = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CSET82_TEXT = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
    "abcdefghijklmnopqrstuvwxyz"
)
CSET39 = frozenset(CSET39_TEXT)
CSET82 = frozenset(CSET82_TEXT)
CSET64 = frozenset("-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


def is_digits(text: str) -> bool:
    """Whether `text` is one or more of the ASCII digits, no other script's."""
    return text.isascii() and text.isdigit()


def verify_digits(text: str, field: str) -> None:
    """Refuse anything but ASCII digits; nothing at all passes.

    Raises:
        MalformedInput: `not_digits`.
    """
    if text and not is_digits(text):
        raise MalformedInput("not_digits", field=field, got=text, wanted="digits only")


def verify_cset82(text: str, field: str) -> None:
    """Refuse characters outside GS1 set 82.

    Raises:
        MalformedInput: `bad_character`.
    """
    _verify(text, field, CSET82, "characters of GS1 set 82")


def verify_cset39(text: str, field: str) -> None:
    """Refuse characters outside GS1 set 39.

    Raises:
        MalformedInput: `bad_character`.
    """
    _verify(text, field, CSET39, "characters of GS1 set 39")


def verify_cset64(text: str, field: str) -> None:
    """Refuse what is not file-safe base64, padded or not.

    Raises:
        MalformedInput: `bad_padding`, `bad_character`.
    """
    unpadded = text.rstrip("=")
    pads = len(text) - len(unpadded)
    # The set's padding fills to a multiple of three characters, unlike RFC 4648.
    if pads > 2 or (pads and len(text) % 3):
        raise MalformedInput(
            "bad_padding", field=field, got=text, wanted="a length divisible by 3"
        )
    _verify(unpadded, field, CSET64, "characters of GS1 set 64")


def _verify(text: str, field: str, allowed: frozenset[str], wanted: str) -> None:
    if not allowed.issuperset(text):
        raise MalformedInput("bad_character", field=field, got=text, wanted=wanted)
