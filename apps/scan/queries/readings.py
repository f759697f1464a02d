"""What a scanned text says, and what the ledger makes of what it might say.

A scanner that drops separators or has Caps Lock on is found out here: other readings
are looked up, and one is proposed only if exactly one real pack answers to it. Nothing
is ever taken for granted from a proposal: a person scans or confirms it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from apps.core.errors import MalformedInput
from apps.core.gs1 import Reading, Scan, build_digital_link, format_yymmdd, parse_scan
from apps.custody.queries.registry import Position, find_positions
from apps.custody.queries.units import Unit, find_unit
from apps.scan.formats.facts import Reading as Kind


@dataclass(frozen=True, slots=True)
class Read:
    """One scan as it was read.

    Attributes:
        kind: as `Facts.reading`.
        gtin … sscc: what the code says, "" or None for what it does not say.
        unit: the pack it names, None if there is none.
        proposal: a Digital Link of the one real pack it may mean, "" if none.
        is_case_swapped: the proposal differs by upper and lower case only.
        fault: what the parser had against it, None if nothing.
    """

    kind: Kind
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    expiry_date: date | None = None
    sscc: str = ""
    unit: Unit | None = None
    proposal: str = ""
    is_case_swapped: bool = False
    fault: MalformedInput | None = None


def read_code(code: str, *, today: date) -> Read:
    """Read `code` and look up the pack it names.

    Raises:
        MalformedInput: `empty`: there is nothing to read.
    """
    if not code.strip():
        raise MalformedInput(
            "empty", field="code", got="nothing", wanted="a scanned code"
        )
    try:
        scan = parse_scan(code, today=today)
    except MalformedInput as error:
        return _read_unreadable(code, error, today)
    if scan.is_ambiguous:
        return _read_ambiguous(scan)
    if scan.gtin is None or scan.serial is None:
        return _partial(scan)
    return _read_pack(scan.gtin.text, scan.serial.text, _said(scan))


def _read_pack(gtin: str, serial: str, said: tuple[str, date | None]) -> Read:
    lot, expiry_date = said
    unit = find_unit(gtin=gtin, serial=serial)
    other = unit if unit and _is_swapped(lot, unit.lot) else None
    if unit is None and serial.swapcase() != serial:
        other = find_unit(gtin=gtin, serial=serial.swapcase())
    return Read(
        kind="pack",
        gtin=gtin,
        lot=lot,
        serial=serial,
        expiry_date=expiry_date,
        unit=unit,
        proposal=_mended(other, lot, expiry_date) if other else "",
        is_case_swapped=other is not None,
    )


def _is_swapped(read: str, recorded: str) -> bool:
    return read not in {"", recorded} and read.swapcase() == recorded


def _mended(unit: Unit, lot: str, expiry_date: date | None) -> str:
    # Nothing of the record is told that the code did not say itself.
    said = unit.lot if _is_swapped(lot, unit.lot) else lot
    return link_of(unit.gtin, said, unit.serial, expiry_date)


def _read_unreadable(code: str, error: MalformedInput, today: date) -> Read:
    """Caps Lock spoils prefixes too (`]d2` arrives as `]D2`): the other case is tried."""
    if error.code == "group_separator_lost":
        return Read(kind="ambiguous", fault=error)
    unreadable = Read(kind="unreadable", fault=error)
    try:
        scan = parse_scan(code.swapcase(), today=today)
    except MalformedInput:
        return unreadable
    if scan.gtin is None or scan.serial is None:
        return unreadable
    unit = find_unit(gtin=scan.gtin.text, serial=scan.serial.text)
    if unit is None:
        return unreadable
    return replace(
        unreadable,
        kind="pack",
        gtin=unit.gtin,
        proposal=_mended(unit, *_said(scan)),
        is_case_swapped=True,
    )


def _read_ambiguous(scan: Scan) -> Read:
    matches = _matching(scan.candidates)
    return Read(
        kind="ambiguous",
        gtin=scan.gtin.text if scan.gtin else "",
        expiry_date=scan.expiry_date,
        proposal=next(iter(matches.values())) if len(matches) == 1 else "",
    )


def _matching(candidates: Sequence[Reading]) -> dict[Position, str]:
    """Links of the real packs that one of the readings names without contradiction."""
    named = [
        (each, (each.gtin.text, each.serial.text))
        for each in candidates
        if each.gtin is not None and each.serial is not None
    ]
    known = find_positions(pack for _, pack in named)
    units = {pack: find_unit(gtin=pack[0], serial=pack[1]) for pack in known}
    found: dict[Position, str] = {}
    for reading, pack in named:
        unit = units.get(pack)
        if unit is not None and _agrees(reading, unit):
            lot = reading.lot.text if reading.lot else ""
            link = link_of(pack[0], lot, pack[1], reading.expiry_date)
            found.setdefault(known[pack], link)
    return found


def _agrees(reading: Reading, unit: Unit) -> bool:
    lot_agrees = reading.lot is None or reading.lot.text == unit.lot
    return lot_agrees and reading.expiry_date in {None, unit.expiry_date}


def _partial(scan: Scan) -> Read:
    lot, expiry_date = _said(scan)
    return Read(
        kind="container" if scan.sscc and not scan.gtin else "partial",
        gtin=scan.gtin.text if scan.gtin else "",
        lot=lot,
        expiry_date=expiry_date,
        sscc=scan.sscc.text if scan.sscc else "",
    )


def _said(scan: Scan) -> tuple[str, date | None]:
    return scan.lot.text if scan.lot else "", scan.expiry_date


def link_of(gtin: str, lot: str, serial: str, expiry_date: date | None) -> str:
    """The Digital Link that says exactly this: no separator can be lost in it."""
    elements = [("01", gtin), ("10", lot), ("21", serial)]
    if expiry_date is not None:
        elements.append(("17", format_yymmdd(expiry_date)))
    return build_digital_link([(ai, value) for ai, value in elements if value])
