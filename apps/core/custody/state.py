"""What the law of custody reads: parties, batches, containers, shipments, events.

The server loads the part that an event touches; a verifier folds the whole. Times
are milliseconds since 1970 in UTC, parties and sites are GLNs of 13 digits, batches
are named by their tag in hex, containers by their canonical EPC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Generic, NamedTuple, TypeVar

from ..ordinals import UnitSet

S = TypeVar("S", bound=UnitSet)

ACTIVE = "active"
IN_TRANSIT = "in_transit"
PARTLY_SUPPLIED = "partially_dispensed"
SUPPLIED = "dispensed"
MAKERS = frozenset({"manufacturer"})
SUPPLIERS = frozenset({"pharmacy", "hospital"})
# Dispositions that a hold sets; a return that was received is on hold as well.
NON_SELLABLE = "non_sellable_other"
RECALLED = "recalled"
RETURNED = "returned"
HOLDS = frozenset({NON_SELLABLE, RECALLED})
HOLDERS = frozenset({"manufacturer", "wholesaler", "pharmacy", "hospital", "carrier"})


class Place(NamedTuple):
    """Where units are: at whom (GLN 417), on which site (GLN 414), in which status."""

    holder: str
    site: str
    status: str


class HoldKey(NamedTuple):
    """Whose hold it is and why: one of `HOLDS`, or `RETURNED` until an inspection."""

    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Licence:
    """What a partner may do, from `from_ms` until before `to_ms`."""

    role: str
    gs1_prefixes: tuple[str, ...]
    scope: tuple[str, ...]  # GTINs of 14 digits, or ("*",)
    from_ms: int
    to_ms: int | None
    is_suspended: bool

    def is_in_force(self, at_ms: int) -> bool:
        """Whether the licence counts at `at_ms`."""
        if self.is_suspended or at_ms < self.from_ms:
            return False
        return self.to_ms is None or at_ms < self.to_ms

    def covers(self, *, gtin: str, at_ms: int) -> bool:
        """Whether the licence is in force at `at_ms` for the product `gtin`."""
        if not self.is_in_force(at_ms):
            return False
        return "*" in self.scope or gtin in self.scope

    def owns(self, gtin: str) -> bool:
        """Whether `gtin` carries one of the licence's GS1 company prefixes."""
        return any(gtin.startswith(prefix, 1) for prefix in self.gs1_prefixes)


@dataclass(frozen=True, slots=True)
class Party:
    """A partner as the party statements describe it."""

    gln: str
    licences: tuple[Licence, ...] = ()
    sites: frozenset[str] = frozenset()

    def is_licensed(self, roles: frozenset[str], *, gtin: str, at_ms: int) -> bool:
        """Whether one of `roles` is licensed for `gtin` at `at_ms`."""
        return any(
            licence.role in roles and licence.covers(gtin=gtin, at_ms=at_ms)
            for licence in self.licences
        )

    def may_make(self, *, gtin: str, at_ms: int) -> bool:
        """Whether the party is a maker licensed for the GTIN's prefix."""
        return any(
            licence.role in MAKERS
            and licence.covers(gtin=gtin, at_ms=at_ms)
            and licence.owns(gtin)
            for licence in self.licences
        )

    def owns_prefix_of(self, digits: str) -> bool:
        """Whether an SSCC or case GTIN (with its first digit) is of this party."""
        return any(licence.owns(digits) for licence in self.licences)


@dataclass(slots=True)
class Batch(Generic[S]):
    """A batch: where its units are, which are recalled or held."""

    tag: str
    gtin: str
    lot: str
    expiry_date: date
    brand_owner: str
    size: int
    holdings: dict[Place, S]
    recalled: S
    held: dict[HoldKey, S] = field(default_factory=dict)

    def is_expired(self, at_ms: int) -> bool:
        """Whether the last day of use is past at `at_ms` (UTC)."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).date() > self.expiry_date


@dataclass(slots=True)
class Container(Generic[S]):
    """A logistic unit: its place, its parent, and all units inside it by batch."""

    epc: str
    place: Place
    parent: str | None = None
    units: dict[str, S] = field(default_factory=dict)


@dataclass(slots=True)
class Shipment(Generic[S]):
    """A despatch: from whom, to whom, why, what was sent and what is still open."""

    ref: str
    source: Place
    addressee: str
    addressee_site: str
    purpose: str  # sale, return, recall
    sent: dict[str, S]
    open: dict[str, S]


@dataclass(frozen=True, slots=True)
class Move(Generic[S]):
    """Units of one batch that went from one place to another."""

    tag: str
    units: S
    source: Place | None
    target: Place


@dataclass(frozen=True, slots=True)
class EventRecord(Generic[S]):
    """An earlier event, as far as later ones may name it."""

    ref: str
    rule: str
    by: str
    site: str
    accepted_ms: int
    moves: tuple[Move[S], ...]
    shipment: str = ""  # the shipment it received from or voided
    parent: str = ""  # the container of an aggregation
    is_corrected: bool = False


@dataclass(frozen=True, slots=True)
class OpenRecall(Generic[S]):
    """A recall in force: who opened it, where goods may go back to, which units."""

    ref: str
    opened_by: str
    return_to: str
    units: dict[str, S]


@dataclass(slots=True)
class State(Generic[S]):
    """All that one judgement reads."""

    parties: dict[str, Party] = field(default_factory=dict)
    regulators: frozenset[str] = frozenset()
    batches: dict[str, Batch[S]] = field(default_factory=dict)
    containers: dict[str, Container[S]] = field(default_factory=dict)
    shipments: dict[str, Shipment[S]] = field(default_factory=dict)
    events: dict[str, EventRecord[S]] = field(default_factory=dict)
    later: dict[str, dict[str, S]] = field(
        default_factory=dict
    )  # moved since, by event
    watched: frozenset[str] | None = None  # events to keep `later` for; None: all
    recalls: dict[str, OpenRecall[S]] = field(default_factory=dict)
