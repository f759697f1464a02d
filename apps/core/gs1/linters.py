"""The checks that application identifiers name: one function each, by name in LINTERS.

Each takes a part of a value and the field to blame, and raises or returns nothing.
Source: GS1 General Specifications section 3 and 7; ISO 3166, 4217, 5218, 13616.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ..errors import MalformedInput
from .charsets import (
    CSET64,
    verify_cset39,
    verify_cset64,
    verify_cset82,
    verify_digits,
)
from .check_pair import verify_check_pair
from .code_lists import (
    COUNTRIES_ALPHA2,
    COUNTRIES_NUMERIC,
    CURRENCIES_NUMERIC,
    MEDIA_TYPES,
    PACKAGE_TYPES,
)
from .coupons import verify_coupon_code, verify_coupon_offer
from .dates import days_of_month
from .keys import verify_check_digit

Linter = Callable[[str, str], None]

_SHORTEST_COMPANY_PREFIX = 4
_PERCENT_FAULT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_POSITION = re.compile(r"([0-9]+)/([0-9]+)")


def _refuse(code: str, field: str, got: str, wanted: str) -> MalformedInput:
    return MalformedInput(code, field=field, got=got, wanted=wanted)


def _sized_digits(value: str, field: str, length: int, wanted: str) -> None:
    if len(value) != length:
        code = "too_short" if len(value) < length else "too_long"
        raise _refuse(code, field, value, wanted)
    verify_digits(value, field)


def _csum(value: str, field: str) -> None:
    if not value:
        raise _refuse("too_short", field, value, "digits and a check digit")
    verify_digits(value, field)
    verify_check_digit(value, field=field)


def _gcppos1(value: str, field: str) -> None:
    prefix = value[:_SHORTEST_COMPANY_PREFIX]
    if len(prefix) < _SHORTEST_COMPANY_PREFIX:
        raise _refuse("too_short", field, value, "a GS1 company prefix first")
    if not (prefix.isascii() and prefix.isdigit()):
        raise _refuse("bad_gs1_prefix", field, value, "a GS1 company prefix first")


def _gcppos2(value: str, field: str) -> None:
    _gcppos1(value[1:], field)


def _date(value: str, field: str, *, year_digits: int, first_day: int) -> None:
    form = "Y" * year_digits + "MMDD"
    _sized_digits(value, field, year_digits + 4, form)
    year, month, day = int(value[:-4]), int(value[-4:-2]), int(value[-2:])
    if not 1 <= month <= 12:
        raise _refuse("bad_month", field, value, "01 to 12")
    last = days_of_month(year, month)
    # With all four digits of the year known, the century rule decides.
    if month == 2 and year_digits == 4 and year % 100 == 0 and year % 400:
        last = 28
    if not first_day <= day <= last:
        raise _refuse("bad_day", field, value, f"{first_day:02d} to {last}")


def _yymmdd(value: str, field: str) -> None:
    _date(value, field, year_digits=2, first_day=1)


def _yymmd0(value: str, field: str) -> None:
    _date(value, field, year_digits=2, first_day=0)


def _yyyymmdd(value: str, field: str) -> None:
    _date(value, field, year_digits=4, first_day=1)


def _yyyymmd0(value: str, field: str) -> None:
    _date(value, field, year_digits=4, first_day=0)


def _hh(value: str, field: str) -> None:
    _sized_digits(value, field, 2, "hh")
    if value > "23":
        raise _refuse("bad_hour", field, value, "00 to 23")


def _mi(value: str, field: str) -> None:
    _sized_digits(value, field, 2, "mm")
    if value > "59":
        raise _refuse("bad_minute", field, value, "00 to 59")


def _ss(value: str, field: str) -> None:
    _sized_digits(value, field, 2, "ss")
    if value > "59":
        raise _refuse("bad_second", field, value, "00 to 59")


def _hhmi(value: str, field: str) -> None:
    _sized_digits(value, field, 4, "hhmm")
    _hh(value[:2], field)
    _mi(value[2:], field)


def _one_of(code: str, allowed: frozenset[str], wanted: str) -> Linter:
    def verify(value: str, field: str) -> None:
        if value not in allowed:
            raise _refuse(code, field, value, wanted)

    return verify


def _hyphen(value: str, field: str) -> None:
    if not value or value.strip("-"):
        raise _refuse("not_hyphen", field, value, "-")


def _zero(value: str, field: str) -> None:
    if value.strip("0"):
        raise _refuse("not_zero", field, value, "0")


def _nonzero(value: str, field: str) -> None:
    verify_digits(value, field)
    if not value.strip("0"):
        raise _refuse("zero", field, value, "a number above zero")


def _nozeroprefix(value: str, field: str) -> None:
    verify_digits(value, field)
    if value.startswith("0"):
        raise _refuse("zero_prefix", field, value, "no leading zero")


def _hasnondigit(value: str, field: str) -> None:
    if not value or (value.isascii() and value.isdigit()):
        raise _refuse("only_digits", field, value, "a character that is no digit")


def _pcenc(value: str, field: str) -> None:
    if _PERCENT_FAULT.search(value):
        raise _refuse("bad_percent_sequence", field, value, "% and two hex digits")


def _pieceoftotal(value: str, field: str) -> None:
    if not value or len(value) % 2:
        raise _refuse("bad_length", field, value, "piece and total of equal length")
    verify_digits(value, field)
    half = len(value) // 2
    piece, total = value[:half], value[half:]
    if not piece.strip("0"):
        raise _refuse("zero_piece", field, value, "a piece number from 1")
    if not total.strip("0"):
        raise _refuse("zero_total", field, value, "a total from 1")
    if piece > total:
        raise _refuse("piece_exceeds_total", field, value, f"at most {total}")


def _posinseqslash(value: str, field: str) -> None:
    found = _POSITION.fullmatch(value)
    if found is None:
        raise _refuse("bad_position", field, value, "position/end")
    if any(number.startswith("0") for number in found.groups()):
        raise _refuse("zero_prefix", field, value, "no leading zero")
    position, end = found.groups()
    # Compared as text: int() refuses numbers of thousands of digits.
    if (len(position), position) > (len(end), end):
        raise _refuse("position_exceeds_end", field, value, f"at most {end}")


def _angle(code: str, limit: str) -> Linter:
    def verify(value: str, field: str) -> None:
        if len(value) != len(limit):
            raise _refuse("bad_length", field, value, "10 digits")
        verify_digits(value, field)
        if value > limit:
            raise _refuse(code, field, value, f"at most {limit}")

    return verify


def _iban(value: str, field: str) -> None:
    if not 10 < len(value) <= 34:
        code = "too_short" if len(value) <= 10 else "too_long"
        raise _refuse(code, field, value, "an IBAN")
    if value[:2] not in COUNTRIES_ALPHA2:
        raise _refuse("bad_country", field, value, "an ISO 3166 country first")
    if not value.isascii() or not value.isalnum() or value != value.upper():
        raise _refuse("bad_character", field, value, "digits and capital letters")
    # ISO 13616: the country and check digits go last, A counts as 10.
    number = "".join(str(int(character, 36)) for character in value[4:] + value[:4])
    if int(number) % 97 != 1:
        raise _refuse("bad_checksum", field, value, "an IBAN with a good checksum")


LINTERS: Final[Mapping[str, Linter]] = MappingProxyType(
    {
        "couponcode": verify_coupon_code,
        "couponposoffer": verify_coupon_offer,
        "cset39": verify_cset39,
        "cset64": verify_cset64,
        "cset82": verify_cset82,
        "csetnumeric": verify_digits,
        "csum": _csum,
        "csumalpha": verify_check_pair,
        "gcppos1": _gcppos1,
        "gcppos2": _gcppos2,
        "hasnondigit": _hasnondigit,
        "hh": _hh,
        "hhmi": _hhmi,
        "hyphen": _hyphen,
        "iban": _iban,
        "importeridx": _one_of("bad_import_index", CSET64, "one of set 64"),
        "iso3166": _one_of("bad_country", COUNTRIES_NUMERIC, "ISO 3166 numeric"),
        "iso3166999": _one_of(
            "bad_country", COUNTRIES_NUMERIC | {"999"}, "ISO 3166 numeric or 999"
        ),
        "iso3166alpha2": _one_of("bad_country", COUNTRIES_ALPHA2, "ISO 3166 alpha-2"),
        "iso4217": _one_of("bad_currency", CURRENCIES_NUMERIC, "ISO 4217 numeric"),
        "iso5218": _one_of("bad_sex_code", frozenset("0129"), "0, 1, 2 or 9"),
        "latitude": _angle("bad_latitude", "1800000000"),
        "longitude": _angle("bad_longitude", "3600000000"),
        "mediatype": _one_of("bad_media_type", MEDIA_TYPES, "a GS1 media type"),
        "mi": _mi,
        "nonzero": _nonzero,
        "nozeroprefix": _nozeroprefix,
        "packagetype": _one_of("bad_package_type", PACKAGE_TYPES, "a package type"),
        "pcenc": _pcenc,
        "pieceoftotal": _pieceoftotal,
        "posinseqslash": _posinseqslash,
        "ss": _ss,
        "winding": _one_of("bad_winding", frozenset("019"), "0, 1 or 9"),
        "yesno": _one_of("not_zero_or_one", frozenset("01"), "0 or 1"),
        "yymmd0": _yymmd0,
        "yymmdd": _yymmdd,
        "yyyymmd0": _yyyymmd0,
        "yyyymmdd": _yyyymmdd,
        "zero": _zero,
    }
)
