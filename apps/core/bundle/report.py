"""What a bundle has shown, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ..custody import Batch
from ..ordinals import Ordinals
from ..steps import Finding
from .head import Head


@dataclass(frozen=True, slots=True)
class Place:
    """Units of a lot at one place in one status."""

    gln: str
    name: str
    site: str
    status: str
    count: int


@dataclass(frozen=True, slots=True)
class LotReport:
    """A lot and where its units are.

    Args:
        recalled, held: units that an open recall covers, that somebody holds back.
        places: most units first; their sum is `size`.
    """

    gtin: str
    lot: str
    expiry_date: date
    size: int
    recalled: int
    held: int
    places: tuple[Place, ...]
    batch: Batch[Ordinals]
    serials: list[str]

    def units(self) -> Iterator[tuple[str, str, str, str, bool, bool]]:
        """Each pack: serial, holder, site, status, recalled, on hold; by ordinal."""
        rows: list[tuple[str, str, str]] = [("", "", "")] * self.size
        for place, units in self.batch.holdings.items():
            for ordinal in units:
                rows[ordinal] = (place.holder, place.site, place.status)
        recalled = set(self.batch.recalled)
        held = {n for units in self.batch.held.values() for n in units}
        for ordinal, (serial, row) in enumerate(zip(self.serials, rows, strict=True)):
            yield serial, *row, ordinal in recalled, ordinal in held


@dataclass(frozen=True, slots=True)
class Signer:
    """A party that signed, how many of the statements shown."""

    gln: str
    name: str
    statements: int


@dataclass(frozen=True, slots=True)
class Link:
    """One entry in the chain of a lot, in a redacted bundle.

    Args:
        what: the statement's kind, or the type of a leaf that stays closed.
        gln: who spoke, where the statement is shown; else role and country, as the
            operator says.
    """

    lot: str
    time_ms: int
    what: str
    gln: str = ""
    role: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a bundle that holds.

    Args:
        form: `whole` or `redacted`; a redacted one has links, a whole one lots.
        signers: most statements first.
    """

    form: str
    head: Head
    findings: tuple[Finding, ...]
    lots: tuple[LotReport, ...]
    links: tuple[Link, ...]
    signers: tuple[Signer, ...]
