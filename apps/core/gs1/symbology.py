"""AIM symbology identifiers: the `]d2` that a scanner sends before the data.

Source: ISO/IEC 15424; GS1 General Specifications section 5 (FNC1 in first position).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import MalformedInput

_GS1_NAMES: Final = {
    "]C1": "GS1-128",
    "]d2": "GS1 DataMatrix",
    "]d5": "GS1 DataMatrix",
    "]d8": "GS1 DataMatrix, rectangular",
    "]dB": "GS1 DataMatrix, rectangular",
    "]e0": "GS1 DataBar or composite",
    "]J1": "GS1 DotCode",
    "]J4": "GS1 DotCode",
    "]Q3": "GS1 QR Code",
    "]Q4": "GS1 QR Code",
}
_FAMILIES: Final = {
    "A": "Code 39",
    "C": "Code 128",
    "d": "Data Matrix",
    "E": "EAN/UPC",
    "e": "GS1 DataBar",
    "F": "Codabar",
    "G": "Code 93",
    "I": "ITF",
    "J": "DotCode",
    "L": "PDF417",
    "Q": "QR Code",
    "z": "Aztec Code",
}
# How many digits of a GTIN these transmit; add-on symbols (]E1, ]E2, ]E3) hold none.
_GTIN_LENGTHS: Final = {"]E0": 13, "]E4": 8, "]I1": 14}
_MODIFIERS: Final = frozenset("0123456789ABCDEFabcdef")


@dataclass(frozen=True, slots=True)
class Symbology:
    """What kind of symbol was read.

    `is_gs1`: FNC1 in first position, so the data is an element string.
    `gtin_digits`: how many digits of a GTIN it holds and nothing else, else None.
    """

    identifier: str
    name: str
    is_gs1: bool
    gtin_digits: int | None


def split_symbology(text: str) -> tuple[Symbology | None, str]:
    """Part the symbology identifier from the data; None where none was sent.

    Raises:
        MalformedInput: `unknown_symbology`.
    """
    if not text.startswith("]"):
        return None, text
    identifier = text[:3]
    family = _FAMILIES.get(identifier[1:2])
    if family is None or identifier[2:] not in _MODIFIERS:
        raise MalformedInput(
            "unknown_symbology",
            field="symbology",
            got=identifier,
            wanted="an AIM identifier such as ]d2, ]C1 or ]Q3",
        )
    symbology = Symbology(
        identifier=identifier,
        name=_GS1_NAMES.get(identifier, family),
        is_gs1=identifier in _GS1_NAMES,
        gtin_digits=_GTIN_LENGTHS.get(identifier),
    )
    return symbology, text[3:]
