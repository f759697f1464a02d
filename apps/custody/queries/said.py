"""An EPCIS event in the words that custody needs: steps, parties, names of things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from apps.custody.queries.registry import Pack


@dataclass(frozen=True, slots=True)
class Lot:
    """A quantity of a lot, as commissioning names it."""

    gtin: str
    lot: str
    quantity: int
    expiry_date: date


@dataclass(frozen=True, slots=True)
class Said:
    """What one event says."""

    form: str  # object, aggregation
    action: str
    biz_step: str
    disposition: str
    event_time_ms: int
    site: str
    packs: tuple[Pack, ...]
    epcs: Mapping[Pack, str]
    sscc: tuple[str, ...]
    parent: str
    destination: str
    destination_site: str
    has_rma: bool
    lifts: bool
    is_inferred: bool
    error: str
    lot: Lot | None
    documents: tuple[Mapping[str, str], ...]

    def epc_of(self, pack: Pack) -> str:
        """The name under which the event lists a serialised trade item."""
        return self.epcs[pack]

    @property
    def takes_all_out(self) -> bool:
        """An unpacking without a list of children means all of them."""
        return self.biz_step == "unpacking" and not (self.packs or self.sscc)
