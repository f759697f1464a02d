"""The path of a Digital Link to our own resolver, as it reaches a view.

A web server hands the path on decoded, so a lot with a slash arrives as one with a
slash; the identifiers between the values are the only borders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from apps.core.errors import MalformedInput
from apps.core.gs1 import Gtin, Lot, Serial, parse_yymmd0

# Qualifiers of a GTIN in their order: (22) variant, (10) lot, (21) serial.
_PATH = re.compile(
    r"(?P<gtin>[^/]+)(?:/22/[^/]+)?(?:/10/(?P<lot>.+?))?(?:/21/(?P<serial>.+))?/?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class PackAddress:
    """What the address names; "" or None for what it does not."""

    gtin: str
    lot: str
    serial: str
    expiry_date: date | None


def parse_address(path: str, *, expiry: str, today: date) -> PackAddress:
    """Read what follows `/01/`, and the query's AI (17).

    Raises:
        MalformedInput: `bad_path`, or as the parsers of GTIN, lot, serial and date.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise MalformedInput(
            "bad_path", field="path", got=path, wanted="/01/…[/10/…][/21/…]"
        )
    lot, serial = found["lot"], found["serial"]
    return PackAddress(
        gtin=Gtin.parse(found["gtin"]).text,
        lot=Lot.parse(lot).text if lot else "",
        serial=Serial.parse(serial).text if serial else "",
        expiry_date=(
            parse_yymmd0(expiry, reference_year=today.year, field="17")
            if expiry
            else None
        ),
    )
