"""The single questions that rules of the law ask; each raises or returns nothing."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ForbiddenTransfer
from .event import CustodyEvent
from .state import (
    HOLDERS,
    Batch,
    Container,
    EventRecord,
    Party,
    Place,
    S,
    Shipment,
    State,
)

_ELSEWHERE = {
    "in_transit": "in_transit",
    "dispensed": "already_dispensed",
    "partially_dispensed": "already_opened",
}


def refuse(
    code: str, event: CustodyEvent[S], *, got: object = None, wanted: str = ""
) -> ForbiddenTransfer:
    """The refusal `code` of this event, named after its business step."""
    return ForbiddenTransfer(code, rule=event.biz_step, got=got, wanted=wanted)


def party_of(state: State[S], event: CustodyEvent[S]) -> Party:
    """The party that speaks, known and speaking from one of its own sites."""
    party = state.parties.get(event.by)
    if party is None:
        raise refuse("party_unknown", event, got=event.by, wanted="an admitted partner")
    if event.site not in party.sites:
        raise refuse("site_unknown", event, got=event.site, wanted="a site of its own")
    return party


def batch_of(state: State[S], event: CustodyEvent[S], tag: str) -> Batch[S]:
    """The batch behind `tag`."""
    batch = state.batches.get(tag)
    if batch is None:
        raise refuse("batch_unknown", event, got=tag, wanted="a commissioned batch")
    return batch


def verify_something(event: CustodyEvent[S]) -> None:
    """An event about goods moves at least one unit."""
    if not any(len(units) for units in event.units.values()):
        raise refuse("nothing_named", event, wanted="at least one unit")


def verify_held_at(
    state: State[S], event: CustodyEvent[S], place: Place, units: Mapping[str, S]
) -> None:
    """All `units` are at `place`, else the refusal says where the first miss is."""
    for tag, wanted in units.items():
        batch = batch_of(state, event, tag)
        here = batch.holdings.get(place)
        missing = wanted if here is None else wanted - here
        if not len(missing):
            continue
        why = _why_missing(batch, place, missing)
        lost = f"{len(missing)} of {len(wanted)} units of lot {batch.lot}"
        raise refuse(
            why,
            event,
            # Of goods that somebody else holds nothing is told.
            got="units elsewhere" if why == "not_in_your_custody" else lost,
            wanted=f"units {place.status} at {place.holder}, site {place.site}",
        )


def _why_missing(batch: Batch[S], place: Place, missing: S) -> str:
    for there, units in batch.holdings.items():
        if not len(units & missing):
            continue
        if there.holder != place.holder:
            return "not_in_your_custody"
        if there.status == place.status:
            return "at_another_site"
        return _ELSEWHERE.get(there.status, "serial_ended")
    return "not_in_your_custody"


def verify_supplyable(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> None:
    """No unit is recalled, on hold or past its expiry date."""
    for tag, units in event.units.items():
        batch = batch_of(state, event, tag)
        if len(batch.recalled & units):
            raise refuse("recalled", event, got=f"lot {batch.lot}", wanted="no recall")
        if any(len(held & units) for held in batch.held.values()):
            raise refuse("on_hold", event, got=f"lot {batch.lot}", wanted="no hold")
        if batch.is_expired(accepted_ms):
            raise refuse(
                "expired", event, got=batch.expiry_date.isoformat(), wanted="in date"
            )


def verify_outermost(state: State[S], event: CustodyEvent[S]) -> None:
    """Containers named stand free, and units named one by one are in none."""
    for epc in event.containers:
        container = container_of(state, event, epc)
        if container.parent is not None:
            raise refuse(
                "not_outermost", event, got=epc, wanted=f"name {container.parent}"
            )
    verify_loose(state, event, event.loose)


def verify_loose(
    state: State[S], event: CustodyEvent[S], units: Mapping[str, S]
) -> None:
    """None of `units` is inside a container."""
    for container in state.containers.values():
        for tag, wanted in units.items():
            inside = container.units.get(tag)
            if inside is not None and len(inside & wanted):
                raise refuse(
                    "inside_a_container",
                    event,
                    got=container.epc,
                    wanted="units that are in no container",
                )


def container_of(state: State[S], event: CustodyEvent[S], epc: str) -> Container[S]:
    """The container behind `epc`."""
    container = state.containers.get(epc)
    if container is None:
        raise refuse(
            "container_unknown", event, got=epc, wanted="a commissioned container"
        )
    return container


def verify_nameable(state: State[S], event: CustodyEvent[S]) -> None:
    """Whoever names a stranger's container hears what of none: it is unknown.

    SSCCs count up, so they can be guessed; a refusal must not say where a container
    is or what it holds. The first such name is told, of whichever kind it is: beside
    a number that never was, a stranger's would else be passed over.
    """
    parent = (event.parent,) if event.parent else ()
    for epc in (*event.containers, *parent):
        if not may_name(state, event, epc):
            raise refuse(
                "container_unknown", event, got=epc, wanted="a commissioned container"
            )


def may_name(state: State[S], event: CustodyEvent[S], epc: str) -> bool:
    """The holder, a regulator, who made all of it, and both ends of its despatch.

    Of an empty container only the holder and a regulator speak. Who takes an own event
    back names what that event moved, as long as it is still where it was put.
    """
    container = state.containers.get(epc)
    if container is None:
        return False
    if event.by == container.place.holder or event.by in state.regulators:
        return True
    if not any(len(inside) for inside in container.units.values()):
        return False
    makers = {batch_of(state, event, tag).brand_owner for tag in container.units}
    if makers == {event.by}:
        return True
    sent = (state.shipments[ref] for ref in event.parents if ref in state.shipments)
    if any(
        event.by in {shipment.source.holder, shipment.addressee}
        and _holds_all(shipment.sent, container.units)
        for shipment in sent
    ):
        return True
    said = (state.events[ref] for ref in event.parents if ref in state.events)
    return any(
        record.by == event.by and _is_as_put(record, container) for record in said
    )


def _is_as_put(record: EventRecord[S], container: Container[S]) -> bool:
    """Whether the event put all that is in `container` where the container is."""
    put: dict[str, S] = {}
    for move in record.moves:
        if move.target == container.place:
            there = put.get(move.tag)
            put[move.tag] = move.units if there is None else there | move.units
    return _holds_all(put, container.units)


def _holds_all(there: Mapping[str, S], units: Mapping[str, S]) -> bool:
    return all(
        tag in there and not len(part - there[tag]) for tag, part in units.items()
    )


def verify_filled(
    state: State[S], event: CustodyEvent[S], place: Place | None = None
) -> None:
    """Every container named holds something and, if asked, is at `place`.

    An empty one moves nothing: the event would say more than happens.
    """
    for epc in event.containers:
        container = container_of(state, event, epc)
        if place is not None:
            verify_at(event, container, place)
        if not any(len(inside) for inside in container.units.values()):
            raise refuse(
                "container_empty", event, got=epc, wanted="a container with units in it"
            )


def verify_at(event: CustodyEvent[S], container: Container[S], place: Place) -> None:
    """The container is at `place`."""
    if container.place != place:
        raise refuse(
            "container_elsewhere",
            event,
            got=f"{container.epc}: {container.place.status} at {container.place.holder}",
            wanted=f"{place.status} at {place.holder}, site {place.site}",
        )


def shipment_of(state: State[S], event: CustodyEvent[S]) -> Shipment[S]:
    """The one shipment that the event names as its parent."""
    for ref in event.parents:
        if ref in state.shipments:
            return state.shipments[ref]
    raise refuse("shipment_unknown", event, got=event.parents, wanted="its shipment")


def verify_open(event: CustodyEvent[S], shipment: Shipment[S]) -> None:
    """All units are still under way with `shipment`."""
    missing = named = 0
    for tag, units in event.units.items():
        still = shipment.open.get(tag)
        missing += len(units if still is None else units - still)
        named += len(units)
    if missing:
        raise refuse(
            "not_in_shipment",
            event,
            # Summed over all lots: the lot of a stranger's pack is not told.
            got=f"{missing} of {named} units",
            wanted="units of that shipment that are still under way",
        )


def record_of(state: State[S], event: CustodyEvent[S]) -> EventRecord[S]:
    """The event that an error declaration names."""
    for ref in event.parents:
        if ref in state.events:
            record = state.events[ref]
            if record.is_corrected:
                raise refuse("already_corrected", event, got=ref)
            return record
    raise refuse("event_unknown", event, got=event.parents, wanted="the event named")


def verify_addressee(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> None:
    """The addressee is another partner, licensed now for every product."""
    if event.destination == event.by:
        raise refuse("to_yourself", event, got=event.by, wanted="another partner")
    party = state.parties.get(event.destination)
    if party is None:
        raise refuse(
            "addressee_unknown", event, got=event.destination, wanted="a partner"
        )
    if event.destination_site not in party.sites:
        raise refuse(
            "addressee_site_unknown",
            event,
            got=event.destination_site,
            wanted=f"a site of {party.gln}",
        )
    for tag in event.units:
        gtin = batch_of(state, event, tag).gtin
        if not party.is_licensed(HOLDERS, gtin=gtin, at_ms=accepted_ms):
            raise refuse(
                "addressee_not_licensed",
                event,
                got=f"{party.gln} for {gtin}",
                wanted="a licence in force",
            )
