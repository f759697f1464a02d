"""Rules of the law about handing over: despatch, receipt, void, returns."""

from __future__ import annotations

from .carry import carry_back, carry_received, carry_whole
from .checks import (
    batch_of,
    party_of,
    refuse,
    shipment_of,
    verify_addressee,
    verify_filled,
    verify_held_at,
    verify_open,
    verify_outermost,
    verify_something,
    verify_supplyable,
)
from .effects import Despatch, Effect, Hold, Settle
from .event import CustodyEvent
from .state import (
    ACTIVE,
    IN_TRANSIT,
    RETURNED,
    HoldKey,
    Move,
    Place,
    S,
    Shipment,
    State,
)


def ship(state: State[S], event: CustodyEvent[S], accepted_ms: int) -> list[Effect[S]]:
    """The holder sends goods to a licensed partner."""
    effects = _despatch(state, event, accepted_ms, purpose="sale")
    verify_supplyable(state, event, accepted_ms)
    return effects


def ship_return(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The holder sends goods back to whom it had them from, under an RMA."""
    if not event.has_rma:
        raise refuse("rma_missing", event, wanted="a bizTransaction of type rma")
    sale = shipment_of(state, event)
    said = (sale.purpose, sale.addressee, sale.source.holder)
    # Goods that came back are no sale: their hold is lifted by an inspection.
    if said != ("sale", event.by, event.destination):
        raise refuse(
            "not_that_sale",
            event,
            wanted=f"a sale of {event.destination} to {event.by}",
        )
    effects = _despatch(state, event, accepted_ms, purpose="return")
    for tag, units in event.units.items():
        sent = sale.sent.get(tag)
        if sent is None or len(units - sent):
            raise refuse("not_in_shipment", event, wanted="units of the sale named")
    return effects


def ship_recalled(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The holder sends recalled goods where the recall wants them."""
    recall = next((state.recalls[r] for r in event.parents if r in state.recalls), None)
    if recall is None:
        raise refuse(
            "recall_unknown", event, got=event.parents, wanted="an open recall"
        )
    effects = _despatch(state, event, accepted_ms, purpose="recall")
    for tag, units in event.units.items():
        covered = recall.units.get(tag)
        if covered is None or len(units - covered):
            raise refuse("not_recalled", event, wanted="units of that recall only")
        if not _may_go_back_to(state, event, tag, recall.return_to):
            raise refuse(
                "wrong_addressee",
                event,
                got=event.destination,
                wanted="former seller, brand owner or the party the recall names",
            )
    return effects


def _may_go_back_to(
    state: State[S], event: CustodyEvent[S], tag: str, return_to: str
) -> bool:
    if event.destination in (return_to, batch_of(state, event, tag).brand_owner):
        return True
    units = event.units[tag]
    return any(
        shipment.source.holder == event.destination
        and shipment.addressee == event.by
        and tag in shipment.sent
        and units <= shipment.sent[tag]
        for shipment in state.shipments.values()
    )


def _despatch(
    state: State[S], event: CustodyEvent[S], accepted_ms: int, *, purpose: str
) -> list[Effect[S]]:
    party_of(state, event)
    verify_something(event)
    if event.source not in ("", event.by):
        raise refuse("another_source", event, got=event.source, wanted=event.by)
    here = Place(event.by, event.site, ACTIVE)
    away = Place(event.by, event.site, IN_TRANSIT)
    verify_held_at(state, event, here, event.units)
    verify_filled(state, event, here)
    verify_outermost(state, event)
    verify_addressee(state, event, accepted_ms)
    effects: list[Effect[S]] = [
        Move(tag, units, here, away) for tag, units in event.units.items()
    ]
    effects += carry_whole(state, event.units, away, here)
    shipment = Shipment(
        ref=event.ref,
        source=away,
        addressee=event.destination,
        addressee_site=event.destination_site,
        purpose=purpose,
        sent=dict(event.units),
        open=dict(event.units),
    )
    effects.append(Despatch(shipment))
    return effects


def receive(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The addressee takes over what came; the rest stays under way."""
    shipment = shipment_of(state, event)
    if shipment.purpose == "return":
        raise refuse("is_a_return", event, wanted="disposition returned")
    return _take_over(state, event, shipment)


def receive_return(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The former seller takes returned goods back; they are on hold at first."""
    shipment = shipment_of(state, event)
    if shipment.purpose != "return":
        raise refuse("not_a_return", event, got=shipment.purpose, wanted="a return")
    effects = _take_over(state, event, shipment)
    key = HoldKey(event.by, RETURNED)
    effects += [Hold(tag, key, units) for tag, units in event.units.items()]
    return effects


def _take_over(
    state: State[S], event: CustodyEvent[S], shipment: Shipment[S]
) -> list[Effect[S]]:
    party_of(state, event)
    verify_something(event)
    if shipment.addressee != event.by:
        raise refuse(
            "not_addressed_to_you",
            event,
            got=event.by,
            wanted="the addressee of the shipment",
        )
    _verify_ends(event, shipment)
    verify_open(event, shipment)
    here = Place(event.by, event.site, ACTIVE)
    verify_held_at(state, event, shipment.source, event.units)
    verify_filled(state, event, shipment.source)
    effects: list[Effect[S]] = []
    for tag, units in event.units.items():
        effects.append(Move(tag, units, shipment.source, here))
        effects.append(Settle(shipment.ref, tag, units))
    effects += carry_received(state, event.units, here, shipment.source)
    return effects


def _verify_ends(event: CustodyEvent[S], shipment: Shipment[S]) -> None:
    """A receipt names the two parties that the despatch named."""
    said = (event.source or shipment.source.holder, event.destination or event.by)
    if said != (shipment.source.holder, event.by):
        raise refuse(
            "another_source",
            event,
            got=f"{event.source} to {event.destination}",
            wanted=f"{shipment.source.holder} to {event.by}",
        )


def void_shipping(
    state: State[S], event: CustodyEvent[S], accepted_ms: int
) -> list[Effect[S]]:
    """The sender takes back what was not received."""
    party_of(state, event)
    verify_something(event)
    shipment = shipment_of(state, event)
    if shipment.source.holder != event.by:
        raise refuse("not_your_shipment", event, got=event.by, wanted="the sender")
    verify_open(event, shipment)
    back = Place(event.by, shipment.source.site, ACTIVE)
    verify_held_at(state, event, shipment.source, event.units)
    verify_filled(state, event, shipment.source)
    effects: list[Effect[S]] = []
    for tag, units in event.units.items():
        effects.append(Move(tag, units, shipment.source, back))
        effects.append(Settle(shipment.ref, tag, units))
    effects += carry_back(state, event.units, back, shipment.source)
    return effects
