"""What people type and paste, in the groups of the page."""

from __future__ import annotations

from datetime import date

import pytest

from apps.core.errors import MalformedInput
from apps.core.gs1 import Gtin, Lot, Scan, Serial, parse_scan

TODAY = date(2026, 3, 2)

GTIN = Gtin("09521568251204")

HEAD = "010952156825120417271231"


def _scan(text: str, **more: bool) -> Scan:
    return parse_scan(text, today=TODAY, **more)


def _is_the_pack(scan: Scan) -> bool:
    return (scan.kind, scan.gtin, scan.lot, scan.serial, scan.expiry_date) == (
        "pack",
        GTIN,
        Lot("A123"),
        Serial("S100045"),
        date(2027, 12, 31),
    )


@pytest.mark.parametrize(
    "typed",
    [
        "(01)0 9521568 251204(17)271231(10)A123(21)S100 045",
        " ( 01 ) 0 9521568 251204\t(17) 271231 (10) A123 (21) S100045\t",
        "(01)0\u202f9521568\u00a0251204(17)271231(10)A123(21)S100045",
        "https://id.gs1.org/01/0 9521568 251204/10/A123/21/S100 045?17=271231",
        "id.gs1.org/01/09521568251204/10/A123/21/S100045?17=271231",
        "novamed.example:8000/x/01/09521568251204/10/A123/21/S100045?17=271231",
    ],
)
def test_what_people_write_in_groups_is_read(typed: str) -> None:
    assert _is_the_pack(_scan(typed))


@pytest.mark.parametrize("typed", ["0 9521568 251204", "9521568 251204\t"])
def test_a_grouped_gtin_is_read(typed: str) -> None:
    assert _scan(typed).gtin == Gtin("09521568251204")


def test_a_blank_in_an_element_string_is_no_separator_and_no_nothing() -> None:
    with pytest.raises(MalformedInput):
        _scan(f"{HEAD}10A123 21S100045")


@pytest.mark.parametrize(
    "typed", ["localhost/01/09521568251204", "a..b/01/0952", "x/y"]
)
def test_what_names_no_host_is_no_link(typed: str) -> None:
    with pytest.raises(MalformedInput):
        _scan(typed)
