"""GS1 keys as values that cannot be wrong: GTIN, SSCC, GLN, lot and serial.

Source: GS1 General Specifications section 3 (lengths, sets) and 7.9 (check digit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..errors import MalformedInput
from .charsets import is_digits, verify_cset82

GTIN_LENGTHS = (8, 12, 13, 14)
MAX_LOT_CHARACTERS = 20
MAX_SERIAL_CHARACTERS = 20
_PREFIX_LENGTHS = range(4, 13)
_ZERO = ord("0")


def compute_check_digit(payload: str, *, field: str = "") -> int:
    """The digit that completes `payload`, all digits of a key but its last.

    Raises:
        MalformedInput: `not_digits`, `empty`.
    """
    if not payload:
        raise MalformedInput("empty", field=field, wanted="digits")
    if not is_digits(payload):
        raise MalformedInput(
            "not_digits", field=field, got=payload, wanted="digits only"
        )
    # GS1 General Specifications 7.9: weights 3 and 1 from the right.
    raw = payload.encode("ascii")
    threes, ones = raw[::-2], raw[-2::-2]
    total = 3 * (sum(threes) - _ZERO * len(threes)) + sum(ones) - _ZERO * len(ones)
    return -total % 10


def verify_check_digit(digits: str, *, field: str = "") -> None:
    """Check the last digit of a key against the ones before it.

    Raises:
        MalformedInput: `bad_check_digit`, `not_digits`, `empty`.
    """
    wanted = compute_check_digit(digits[:-1], field=field)
    if digits[-1:] != str(wanted):
        raise MalformedInput(
            "bad_check_digit", field=field, got=digits, wanted=f"check digit {wanted}"
        )


def verify_gs1_prefix(gs1_prefix: str, *, field: str = "gs1_prefix") -> None:
    """Check the form of a GS1 company prefix: 4 to 12 digits.

    Raises:
        MalformedInput: `bad_gs1_prefix`.
    """
    if len(gs1_prefix) not in _PREFIX_LENGTHS or not is_digits(gs1_prefix):
        raise MalformedInput(
            "bad_gs1_prefix", field=field, got=gs1_prefix, wanted="4 to 12 digits"
        )


def _verify_key(digits: str, *, lengths: tuple[int, ...], field: str) -> None:
    if not is_digits(digits):
        code = "not_digits" if digits else "empty"
        raise MalformedInput(code, field=field, got=digits, wanted="digits only")
    if len(digits) not in lengths:
        wanted = " or ".join(str(length) for length in lengths) + " digits"
        raise MalformedInput("bad_length", field=field, got=digits, wanted=wanted)
    verify_check_digit(digits, field=field)


def _verify_text(text: str, *, at_most: int, field: str) -> None:
    wanted = f"1 to {at_most} characters of GS1 set 82"
    if not text:
        raise MalformedInput("empty", field=field, wanted=wanted)
    if len(text) > at_most:
        raise MalformedInput("too_long", field=field, got=text, wanted=wanted)
    verify_cset82(text, field)


@dataclass(frozen=True, slots=True, order=True)
class Gtin:
    """A trade item number, AI (01); `text` always has 14 digits."""

    text: str

    def __post_init__(self) -> None:
        _verify_key(self.text, lengths=(14,), field="gtin")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a GTIN-8, -12, -13 or -14.

        Raises:
            MalformedInput: `empty`, `not_digits`, `bad_length`, `bad_check_digit`.
        """
        _verify_key(text, lengths=GTIN_LENGTHS, field="gtin")
        return cls(text.zfill(14))

    @property
    def indicator(self) -> int:
        """0 for the item itself, 1 to 8 for cases of it, 9 for variable measure."""
        return int(self.text[0])

    @property
    def gtin13(self) -> str | None:
        """The 13 digit form, None if the indicator needs 14."""
        return self.text[1:] if self.text[0] == "0" else None

    @property
    def gtin12(self) -> str | None:
        """The 12 digit form, None if it would lose digits."""
        return self.text[2:] if self.text.startswith("00") else None

    @property
    def gtin8(self) -> str | None:
        """The 8 digit form, None if it would lose digits."""
        return self.text[6:] if self.text.startswith("000000") else None

    def with_indicator(self, indicator: int) -> Gtin:
        """The GTIN of another packaging level: new indicator, new check digit.

        Raises:
            MalformedInput: `bad_indicator`.
        """
        if not 0 <= indicator <= 9:
            raise MalformedInput(
                "bad_indicator", field="gtin", got=indicator, wanted="0 to 9"
            )
        payload = f"{indicator}{self.text[1:13]}"
        return Gtin(f"{payload}{compute_check_digit(payload)}")

    def has_prefix(self, gs1_prefix: str) -> bool:
        """Whether the company prefix, after the indicator, is `gs1_prefix`.

        Raises:
            MalformedInput: `bad_gs1_prefix`.
        """
        verify_gs1_prefix(gs1_prefix)
        return self.text.startswith(gs1_prefix, 1)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class Sscc:
    """A logistic unit, AI (00): 18 digits."""

    text: str

    def __post_init__(self) -> None:
        _verify_key(self.text, lengths=(18,), field="sscc")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 18 digits.

        Raises:
            MalformedInput: `empty`, `not_digits`, `bad_length`, `bad_check_digit`.
        """
        return cls(text)

    @property
    def extension(self) -> int:
        """The extension digit, which stands before the company prefix."""
        return int(self.text[0])

    def has_prefix(self, gs1_prefix: str) -> bool:
        """Whether the company prefix, after the extension digit, is `gs1_prefix`.

        Raises:
            MalformedInput: `bad_gs1_prefix`.
        """
        verify_gs1_prefix(gs1_prefix)
        return self.text.startswith(gs1_prefix, 1)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class Gln:
    """A party (AI 417) or a place (AI 414): 13 digits."""

    text: str

    def __post_init__(self) -> None:
        _verify_key(self.text, lengths=(13,), field="gln")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 13 digits.

        Raises:
            MalformedInput: `empty`, `not_digits`, `bad_length`, `bad_check_digit`.
        """
        return cls(text)

    def has_prefix(self, gs1_prefix: str) -> bool:
        """Whether the company prefix is `gs1_prefix`.

        Raises:
            MalformedInput: `bad_gs1_prefix`.
        """
        verify_gs1_prefix(gs1_prefix)
        return self.text.startswith(gs1_prefix)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """A batch or lot number, AI (10): 1 to 20 characters of GS1 set 82."""

    text: str

    def __post_init__(self) -> None:
        _verify_text(self.text, at_most=MAX_LOT_CHARACTERS, field="lot")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a lot number, case and all; nothing is trimmed or repaired.

        Raises:
            MalformedInput: `empty`, `too_long`, `bad_character`.
        """
        return cls(text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class Serial:
    """A serial number, AI (21): 1 to 20 characters of GS1 set 82."""

    text: str

    def __post_init__(self) -> None:
        _verify_text(self.text, at_most=MAX_SERIAL_CHARACTERS, field="serial")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a serial number, case and all; nothing is trimmed or repaired.

        Raises:
            MalformedInput: `empty`, `too_long`, `bad_character`.
        """
        return cls(text)

    def __str__(self) -> str:
        return self.text
