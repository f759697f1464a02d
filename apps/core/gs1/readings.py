"""Elements read as the things of the trade: product, lot, serial, expiry, container."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from .dates import parse_date_time, parse_yymmd0
from .element_string import ElementString
from .keys import Gln, Gtin, Lot, Serial, Sscc

Kind = Literal["pack", "batch", "product", "sscc", "location", "party", "other"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a set of elements says; None for what it does not say.

    `gln` is that of a place (AI 414) or, failing that, of a party (AI 417).
    """

    elements: ElementString
    gtin: Gtin | None
    lot: Lot | None
    serial: Serial | None
    expiry_date: date | None
    sscc: Sscc | None
    gln: Gln | None

    @property
    def kind(self) -> Kind:
        """What is named: a pack has GTIN and serial, a batch GTIN and lot."""
        if self.sscc is not None:
            return "sscc"
        if self.gtin is not None:
            if self.serial is not None:
                return "pack"
            return "product" if self.lot is None else "batch"
        if self.gln is None:
            return "other"
        return "location" if self.elements.value("414") else "party"


def read_elements(elements: ElementString, *, today: date) -> Reading:
    """Read `elements`; `today` places the two-digit years.

    Raises:
        MalformedInput: `bad_day`, `bad_year`: the expiry is no day of its century.
    """
    values = dict(reversed(elements.elements))
    gtin, lot, serial = values.get("01"), values.get("10"), values.get("21")
    sscc, gln = values.get("00"), values.get("414") or values.get("417")
    return Reading(
        elements=elements,
        gtin=Gtin(gtin) if gtin else None,
        lot=Lot(lot) if lot else None,
        serial=Serial(serial) if serial else None,
        expiry_date=_read_expiry(values, today),
        sscc=Sscc(sscc) if sscc else None,
        gln=Gln(gln) if gln else None,
    )


def _read_expiry(values: dict[str, str], today: date) -> date | None:
    day, moment = values.get("17"), values.get("7003")
    if day is not None:
        return parse_yymmd0(day, reference_year=today.year, field="(17)")
    if moment is not None:
        found, _ = parse_date_time(moment, reference_year=today.year, field="(7003)")
        return found
    return None
