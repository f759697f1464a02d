"""What the builders of events share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .epc import Epc, Location, PartyLink
from .event import (
    AGGREGATION,
    OBJECT,
    BizTransaction,
    Ends,
    EpcisEvent,
    LotQuantity,
    event_json,
)
from .parse import parse_event


@dataclass(frozen=True, slots=True)
class Occasion:
    """When and where: milliseconds since 1970, local offset, GLN of the site."""

    event_time_ms: int
    site: str
    time_zone: str = "+00:00"


@dataclass(frozen=True, slots=True)
class Units:
    """What an event is about: packs and containers by EPC, lots by quantity."""

    epcs: Sequence[Epc] = ()
    quantities: Sequence[LotQuantity] = ()


@dataclass(frozen=True, slots=True)
class Handover:
    """From whom and where, to whom and where: GLNs of parties (417) and sites (414).

    Ownership goes along with possession unless `moves_ownership` is False (carriers).
    """

    source: str
    source_site: str
    destination: str
    destination_site: str
    documents: Sequence[BizTransaction] = ()
    moves_ownership: bool = True


def object_event(
    occasion: Occasion, words: tuple[str, str, str], units: Units, **more: Any
) -> EpcisEvent:
    """An object event; `words` are action, bizStep and disposition."""
    action, biz_step, disposition = words
    return checked(
        EpcisEvent(
            type=OBJECT,
            action=action,
            biz_step=biz_step,
            disposition=disposition,
            event_time_ms=occasion.event_time_ms,
            time_zone=occasion.time_zone,
            read_point=Location(occasion.site),
            epcs=tuple(units.epcs),
            quantities=tuple(units.quantities),
            **more,
        )
    )


def aggregation_event(
    occasion: Occasion, words: tuple[str, str], container: Epc, children: Units
) -> EpcisEvent:
    """An aggregation event; `words` are action and bizStep."""
    action, biz_step = words
    return checked(
        EpcisEvent(
            type=AGGREGATION,
            action=action,
            biz_step=biz_step,
            disposition="in_progress",
            event_time_ms=occasion.event_time_ms,
            time_zone=occasion.time_zone,
            read_point=Location(occasion.site),
            biz_location=Location(occasion.site),
            parent=container,
            children=tuple(children.epcs),
            child_quantities=tuple(children.quantities),
        )
    )


def handed_event(
    occasion: Occasion,
    words: tuple[str, str, str],
    units: Units,
    handover: Handover,
    *,
    arrives: bool = False,
) -> EpcisEvent:
    """An object event between two parties."""
    owns = handover.moves_ownership
    return object_event(
        occasion,
        words,
        units,
        biz_location=Location(occasion.site) if arrives else None,
        biz_transactions=tuple(handover.documents),
        source=ends(handover.source, handover.source_site, owns=owns),
        destination=ends(handover.destination, handover.destination_site, owns=owns),
    )


def ends(party: str, site: str, *, owns: bool) -> Ends:
    """One side of a hand-over."""
    return Ends(
        owning_party=PartyLink(party) if owns else None,
        possessing_party=PartyLink(party),
        location=Location(site),
    )


def checked(event: EpcisEvent) -> EpcisEvent:
    """`event`, which must read back: a builder makes nothing that a door refuses."""
    return parse_event(event_json(event), where="event")
