"""Which units a recall means: scope parsed from a body, matched against a batch.

A scope names lots, or serials (single or as ranges of equal length), or a window of
expiry dates; several kinds at once narrow each other. Source: DESIGN section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from .errors import MalformedInput

CLASSES = ("I", "II", "III")  # 21 CFR 7.3(m)
DEPTHS = ("patient", "retail", "wholesale")  # 21 CFR 7.42(b)(1)
_MAX_NAMES = 10_000


@dataclass(frozen=True, slots=True)
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


def parse_scope(body: Mapping[str, object]) -> Scope:
    """The scope in a recall body: `lots`, `serials`, `ranges`, `expiry_from`, `expiry_to`.

    Raises:
        MalformedInput: unknown names, wrong types, an empty or contradictory scope.
    """
    unknown = set(body) - {"lots", "serials", "ranges", "expiry_from", "expiry_to"}
    if unknown:
        raise MalformedInput("unknown_field", field="scope", got=sorted(unknown)[0])
    scope = Scope(
        lots=frozenset(_texts(body, "lots")),
        serials=frozenset(_texts(body, "serials")),
        ranges=tuple(_ranges(body.get("ranges", []))),
        expiry_from=_date(body, "expiry_from"),
        expiry_to=_date(body, "expiry_to"),
    )
    if scope == Scope():
        raise MalformedInput(
            "empty_scope", field="scope", wanted="lots, serials or an expiry window"
        )
    if scope.expiry_from and scope.expiry_to and scope.expiry_from > scope.expiry_to:
        raise MalformedInput(
            "bad_window", field="scope.expiry_to", wanted="on or after expiry_from"
        )
    return scope


def _texts(body: Mapping[str, object], name: str) -> list[str]:
    values = body.get(name, [])
    if not isinstance(values, list) or len(values) > _MAX_NAMES:
        raise MalformedInput(
            "bad_list", field=f"scope.{name}", wanted=f"a list of <= {_MAX_NAMES} texts"
        )
    for value in values:
        if not isinstance(value, str) or not 1 <= len(value) <= 20:
            raise MalformedInput(
                "bad_text",
                field=f"scope.{name}",
                got=value,
                wanted="1 to 20 characters of the GS1 set 82",
            )
    return values


def _ranges(values: object) -> list[SerialRange]:
    if not isinstance(values, list) or len(values) > _MAX_NAMES:
        raise MalformedInput("bad_list", field="scope.ranges", wanted="a list of pairs")
    ranges = []
    for pair in values:
        if not isinstance(pair, list) or [type(text) for text in pair] != [str, str]:
            raise MalformedInput(
                "bad_range", field="scope.ranges", got=pair, wanted="[first, last]"
            )
        first, last = pair
        if not 1 <= len(first) <= 20 or len(first) != len(last) or first > last:
            raise MalformedInput(
                "bad_range",
                field="scope.ranges",
                got=pair,
                wanted="two serials of one length, ascending",
            )
        ranges.append(SerialRange(first, last))
    return ranges


def _date(body: Mapping[str, object], name: str) -> date | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise MalformedInput(
        "bad_date", field=f"scope.{name}", got=value, wanted="YYYY-MM-DD"
    )
