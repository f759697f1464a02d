"""One event as the law judges it: EPCIS words kept, EPCs resolved to sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic

from .state import S


@dataclass(frozen=True, slots=True)
class NewUnits(Generic[S]):
    """What a commissioning adds: `size` units from ordinal `base` of a batch."""

    tag: str
    gtin: str
    lot: str
    expiry_date: date
    base: int
    size: int
    units: S


@dataclass(frozen=True, slots=True)
class CustodyEvent(Generic[S]):
    """An EPCIS event with its units resolved.

    Attributes:
        ref: statement id, or `id#k` for line k of a file of events.
        by: GLN of the party that signs.
        units: per batch tag, all units that the event moves or names.
        loose: of these, the units named one by one and not through a container.
        containers: EPCs of the containers named, as they were named.
        parent: EPC of the parent of an aggregation, else "".
        parents: references to earlier events or statements.
        source: GLN of the party that hands over, "" if the event does not say.
        error: reason of an error declaration, else "".
    """

    ref: str
    by: str
    form: str  # object, aggregation
    action: str  # ADD, OBSERVE, DELETE
    biz_step: str
    disposition: str
    site: str
    units: Mapping[str, S]
    loose: Mapping[str, S] = field(default_factory=dict)
    containers: tuple[str, ...] = ()
    parent: str = ""
    parents: tuple[str, ...] = ()
    source: str = ""
    destination: str = ""
    destination_site: str = ""
    has_rma: bool = False
    lifts: tuple[str, ...] = ()  # what persistentDisposition unsets
    error: str = ""
    new_units: NewUnits[S] | None = None
