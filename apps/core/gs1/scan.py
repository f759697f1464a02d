"""Whatever a scanner, a keyboard wedge or a person gives, read without guessing.

Forms: an element string, with or without symbology identifier, its separators in
any of the spellings that wedges leave; the bracketed text under a symbol; a Digital
Link; the bare digits of a GTIN or SSCC. Case and inner characters are never changed,
but blanks between the characters of what people type or paste are dropped: codes are
grouped on packs and pages, and no element holds one. In an element string a blank
stays what it is, a fault: it may stand where a separator was lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeVar

from ..errors import MalformedInput
from .associations import verify_associations, verify_exclusions, verify_repeats
from .charsets import is_digits
from .digital_link import DigitalLink, parse_digital_link
from .element_string import GS, ElementString, parse_bracketed, split_elements
from .keys import GTIN_LENGTHS, Gln, Gtin, Lot, Serial, Sscc
from .lost_separator import list_splits
from .readings import Kind, Reading, read_elements
from .symbology import Symbology, split_symbology

_T = TypeVar("_T")

MAX_SCAN_CHARACTERS: Final = 2048
_SSCC_LENGTH: Final = 18

Form = Literal["element_string", "bracketed", "digital_link", "digits"]
Trust = Literal["carrier", "unmarked"]

# What a wedge or an editor puts in place of the unprintable GS. All but those in
# angle brackets hold a character that no GS1 value may hold.
_SPELLED_GS: Final = re.compile(
    r"<GS>|\{GS\}|\[GS\]|<FNC1>|\{FNC1\}|\[FNC1\]|<0x1D>|\\x1d|\\u001d|\\u\{1d\}"
    r"|\\035|\\029|~d029|&#29;|&#x1d;|\^\]|\u241d",
    re.ASCII | re.IGNORECASE,
)
_BLANKS: Final = re.compile("[ \t\r\n\u00a0\u2007\u2009\u202f]+")
# A Digital Link as people write it down: without its scheme.
_BARE_LINK: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9.\-]*\.[A-Za-z]{2,}(?::[0-9]{1,5})?/", re.ASCII
)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
# Scanners frame their data with STX, ETX, CR, LF or TAB; people add blanks.
_FRAME: Final = " \t\r\n\x02\x03"
_COMPOSITE: Final = "|]e0"


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan.

    `kind`: what it names; "ambiguous" if separators may be lost, see `candidates`.
    `trust`: "carrier" if the symbology identifier came along, else "unmarked".
    `raw`: the text exactly as it was given.
    `elements`: in an ambiguous scan those of the plainest reading, no more than that.
    `gtin` … `gln`: None if absent, or if the candidates disagree.
    `link`: the Digital Link it came from; shown to people, never visited.
    `candidates`: all readings of an ambiguous scan, fewest elements first; the ledger
        tells which exists, and only exactly one may be proposed. Else empty.
    """

    kind: Kind | Literal["ambiguous"]
    form: Form
    trust: Trust
    raw: str
    symbology: Symbology | None
    elements: ElementString
    gtin: Gtin | None
    lot: Lot | None
    serial: Serial | None
    expiry_date: date | None
    sscc: Sscc | None
    gln: Gln | None
    link: DigitalLink | None
    candidates: tuple[Reading, ...]

    @property
    def is_ambiguous(self) -> bool:
        """Whether more than one reading is possible."""
        return bool(self.candidates)


def parse_scan(text: str, *, today: date, is_separator_safe: bool = False) -> Scan:
    """Read one scan.

    1. Part frame, symbology identifier and data.
    2. Read the form that the data has.
    3. Refuse identifiers that repeat with two values or exclude each other.
    4. If separators may be lost, list every reading.

    Args:
        text: what was scanned, typed or pasted.
        today: places two-digit years.
        is_separator_safe: the channel is known to carry GS (a camera, a calibrated
            scanner), so a text without one has lost none.

    Raises:
        MalformedInput: `empty`, `too_long`, `unknown_symbology`, `unreadable_code`,
            `unsupported_scheme`, `group_separator_lost`, `repeated_ai`,
            `excluded_ai`, or as the parsers of the forms.
    """
    # 1
    body = text.strip(_FRAME)
    _verify_size(body)
    symbology, data = split_symbology(body)
    if not data:
        raise MalformedInput(
            "empty", field="scan", got="nothing", wanted="data in the symbol"
        )
    # 2
    form, elements, link = _read_form(
        symbology, data, is_separator_safe=is_separator_safe
    )
    # 3
    verify_repeats(elements)
    verify_exclusions(elements)
    reading = read_elements(elements, today=today)
    # 4
    candidates: tuple[Reading, ...] = ()
    if form == "element_string" and not is_separator_safe:
        candidates = _list_candidates(reading, data, today)
    return _build(
        readings=candidates or (reading,),
        form=form,
        raw=text,
        symbology=symbology,
        link=link,
    )


def _verify_size(body: str) -> None:
    if not body:
        raise MalformedInput("empty", field="scan", got="nothing", wanted="a code")
    if len(body) > MAX_SCAN_CHARACTERS:
        raise MalformedInput(
            "too_long",
            field="scan",
            got=len(body),
            wanted=f"at most {MAX_SCAN_CHARACTERS} characters",
        )


def _read_form(
    symbology: Symbology | None, data: str, *, is_separator_safe: bool
) -> tuple[Form, ElementString, DigitalLink | None]:
    if symbology is not None and symbology.gtin_digits:
        return "digits", _read_gtin_symbol(data, symbology.gtin_digits), None
    if symbology is None or not symbology.is_gs1:
        typed = _BLANKS.sub("", data)
        if _BARE_LINK.match(typed):
            typed = f"https://{typed}"
        if _SCHEME.match(typed):
            link = parse_digital_link(typed, allow_short_gtin=True)
            return "digital_link", link.elements, link
        if typed.startswith("("):
            return "bracketed", parse_bracketed(typed), None
        if is_digits(typed) and len(typed) in (*GTIN_LENGTHS, _SSCC_LENGTH):
            return "digits", _read_digits(typed), None
    elements = _read_element_string(data, is_separator_safe=is_separator_safe)
    return "element_string", elements, None


def _read_gtin_symbol(data: str, digits: int) -> ElementString:
    """An EAN, UPC or ITF-14 symbol, and its composite component if it has one."""
    linear, mark, composite = data.partition(_COMPOSITE)
    if len(linear) != digits:
        raise MalformedInput(
            "bad_length", field="gtin", got=linear, wanted=f"{digits} digits"
        )
    elements = (("01", Gtin.parse(linear).text),)
    return ElementString(elements + (split_elements(composite) if mark else ()))


def _read_digits(data: str) -> ElementString:
    if len(data) == _SSCC_LENGTH:
        return ElementString((("00", Sscc.parse(data).text),))
    return ElementString((("01", Gtin.parse(data).text),))


def _read_element_string(data: str, *, is_separator_safe: bool) -> ElementString:
    plain = _restore_separators(data)
    if GS not in plain and not is_digits(plain[:2]):
        raise MalformedInput(
            "unreadable_code",
            field="scan",
            got=data,
            wanted="a GS1 element string, Digital Link, GTIN or SSCC",
        )
    try:
        return ElementString(split_elements(plain))
    except MalformedInput as error:
        # Only a value that FNC1 should have ended can be too long.
        if error.code != "too_long" or GS in plain or is_separator_safe:
            raise
        raise MalformedInput(
            "group_separator_lost",
            field=error.field,
            got=error.got,
            wanted=f"{error.wanted}; set the scanner to send GS (ASCII 29)",
        ) from error


def _restore_separators(data: str) -> str:
    # A text that holds the real GS has not been rewritten: it is left alone.
    return data if GS in data else _SPELLED_GS.sub(GS, data)


def _list_candidates(reading: Reading, data: str, today: date) -> tuple[Reading, ...]:
    plain = _restore_separators(data)
    if GS in plain:
        return ()
    candidates = [reading]
    for split in list_splits(plain):
        if split == reading.elements.elements:
            continue
        try:
            verify_associations(split)
            candidates.append(read_elements(ElementString(split), today=today))
        except MalformedInput:
            continue
    return tuple(candidates) if len(candidates) > 1 else ()


def _build(
    *,
    readings: tuple[Reading, ...],
    form: Form,
    raw: str,
    symbology: Symbology | None,
    link: DigitalLink | None,
) -> Scan:
    first, *others = readings
    return Scan(
        kind="ambiguous" if others else first.kind,
        form=form,
        trust="unmarked" if symbology is None else "carrier",
        raw=raw,
        symbology=symbology,
        elements=first.elements,
        gtin=_agreed([each.gtin for each in readings]),
        lot=_agreed([each.lot for each in readings]),
        serial=_agreed([each.serial for each in readings]),
        expiry_date=_agreed([each.expiry_date for each in readings]),
        sscc=_agreed([each.sscc for each in readings]),
        gln=_agreed([each.gln for each in readings]),
        link=link,
        candidates=readings if others else (),
    )


def _agreed(values: list[_T | None]) -> _T | None:
    """The value of all readings, None where they differ: nothing is guessed."""
    first, *others = values
    return first if all(other == first for other in others) else None
