"""Which units a recall means: scope parsed from a body, matched against a batch.

A scope names lots, or serials (single or as ranges of equal length), or a window of
expiry dates; several kinds at once narrow each other. Source: DESIGN section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from .canonical import JsonValue
from .errors import MalformedInput
from .fields import Fields
from .gs1.charsets import CSET82_TEXT
from .gs1.keys import Serial

CLASSES = ("I", "II", "III")  # 21 CFR 7.3(m)
DEPTHS = ("patient", "retail", "wholesale")  # 21 CFR 7.42(b)(1)
_MAX_NAMES = 10_000
_Name = TypeVar("_Name", str, "SerialRange")


@dataclass(frozen=True, slots=True, order=True)
class SerialRange:
    """Serials from `first` to `last`, inclusive, of one length, by code point."""

    first: str
    last: str

    def covers(self, serial: str) -> bool:
        """Whether `serial` lies within the range."""
        return len(serial) == len(self.first) and self.first <= serial <= self.last


@dataclass(frozen=True, slots=True)
class Scope:
    """What a recall covers of one product."""

    lots: frozenset[str] = frozenset()
    serials: frozenset[str] = frozenset()
    ranges: tuple[SerialRange, ...] = ()
    expiry_from: date | None = None
    expiry_to: date | None = None

    @property
    def names_serials(self) -> bool:
        """Whether single packs are meant rather than whole batches."""
        return bool(self.serials or self.ranges)

    def covers_batch(self, *, lot: str, expiry_date: date) -> bool:
        """Whether units of a batch can be in scope."""
        if self.lots and lot not in self.lots:
            return False
        if self.expiry_from is not None and expiry_date < self.expiry_from:
            return False
        return self.expiry_to is None or expiry_date <= self.expiry_to

    def covers_serial(self, serial: str) -> bool:
        """Whether a serial of a covered batch is in scope."""
        if not self.names_serials:
            return True
        return serial in self.serials or any(r.covers(serial) for r in self.ranges)


def parse_scope(body: Mapping[str, JsonValue]) -> Scope:
    """The scope in a recall body: `lots`, `serials`, `ranges`, `expiry_from`, `expiry_to`.

    A scope has one spelling: lists ascend, name nothing twice and are left out when
    empty; ranges are of two serials or more, neither overlap nor touch, and cover
    none that is listed. (Two neighbours may be listed or be a range.)

    Raises:
        MalformedInput: unknown names, wrong types, an empty, contradictory or
            otherwise spelled scope.
    """
    fields = Fields(dict(body), where="scope")
    scope = Scope(
        lots=frozenset(_names(fields, "lots", Fields.lot)),
        serials=frozenset(_names(fields, "serials", _serial)),
        ranges=tuple(_names(fields, "ranges", _range)),
        expiry_from=fields.date("expiry_from") if fields.has("expiry_from") else None,
        expiry_to=fields.date("expiry_to") if fields.has("expiry_to") else None,
    )
    fields.close()
    _verify_apart(scope)
    if scope == Scope():
        raise MalformedInput(
            "empty_scope",
            field="scope",
            got="none of them",
            wanted="lots, serials or an expiry window",
        )
    if scope.expiry_from and scope.expiry_to and scope.expiry_from > scope.expiry_to:
        raise MalformedInput(
            "bad_window",
            field="scope.expiry_to",
            got=scope.expiry_to.isoformat(),
            wanted="on or after expiry_from",
        )
    return scope


def _verify_apart(scope: Scope) -> None:
    """Ranges keep apart from each other and from single serials.

    They ascend already; ranges of one length are neighbours if no serial of GS1 set
    82 lies between them.
    """
    ends: dict[int, str] = {}
    for each in scope.ranges:
        length, last = len(each.first), ends.get(len(each.first))
        if last is not None and each.first <= (_next_serial(last) or last):
            raise MalformedInput(
                "ranges_not_canonical",
                field="scope.ranges",
                got=f"{each.first} after {last}",
                wanted="ranges that neither overlap nor touch",
            )
        ends[length] = each.last
    for serial in sorted(scope.serials):
        if any(each.covers(serial) for each in scope.ranges):
            raise MalformedInput(
                "repeated_member",
                field="scope.serials",
                got=serial,
                wanted="no serial that a range covers",
            )


def _next_serial(serial: str) -> str:
    """What follows `serial` among those of its length; "" after the last of them."""
    kept = serial.rstrip(CSET82_TEXT[-1])
    if not kept:
        return ""
    following = CSET82_TEXT[CSET82_TEXT.index(kept[-1]) + 1]
    return kept[:-1] + following + CSET82_TEXT[0] * (len(serial) - len(kept))


def _names(
    fields: Fields, name: str, read: Callable[[Fields, str], _Name]
) -> tuple[_Name, ...]:
    if not fields.has(name):
        return ()
    names = fields.distinct(name, read, most=_MAX_NAMES)
    if not names or list(names) != sorted(names):
        raise MalformedInput(
            "not_sorted",
            field=f"scope.{name}",
            got=f"{len(names)} in this order",
            wanted="at least one, ascending",
        )
    return names


def _range(fields: Fields, name: str) -> SerialRange:
    pair = fields.array(name, least=2, most=2)
    if not all(isinstance(each, str) for each in pair):
        raise MalformedInput(
            "bad_range", field=fields.path(name), got=pair, wanted="two serials"
        )
    first, last = (_checked(str(each), fields.path(name)) for each in pair)
    if len(first) != len(last) or first >= last:
        raise MalformedInput(
            "bad_range",
            field=fields.path(name),
            got=f"{first} to {last}",
            wanted="two serials of one length, the first below the last",
        )
    return SerialRange(first, last)


def _serial(fields: Fields, name: str) -> str:
    return _checked(fields.string(name), fields.path(name))


def _checked(serial: str, where: str) -> str:
    try:
        return Serial.parse(serial).text
    except MalformedInput as error:
        raise MalformedInput(
            error.code, field=where, got=serial, wanted=error.wanted
        ) from None
