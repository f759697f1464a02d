"""From a wish to the one EPCIS event that says it, and the events it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pyroaring import BitMap

from apps.core.custody import NON_SELLABLE, RECALLED, RETURNED, Shipment
from apps.core.epcis import BizTransaction, Epc, EpcisEvent, PackEpc, build
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.errors import MalformedInput
from apps.custody.queries.expand import expand_lot, expand_shipment
from apps.custody.queries.standing import Standing
from apps.custody.queries.wishes import Wish, document_uri

# The `reason` of a wish to release, by what the hold was set for.
RELEASES: Final[Mapping[str, str]] = {
    NON_SELLABLE: "",
    RECALLED: "recalled",
    RETURNED: "inspected",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """An event to be signed and the references it builds on."""

    event: EpcisEvent
    parents: tuple[str, ...] = ()


Planner = Callable[[Wish, Standing], Plan]


def plan_event(wish: Wish, standing: Standing) -> Plan:
    """The event behind a wish, as things stand; the law judges it later.

    Raises:
        MalformedInput: something that the step needs is missing or unknown.
    """
    return _PLANS[wish.step](wish, standing)


def _occasion(wish: Wish) -> Occasion:
    return Occasion(event_time_ms=wish.event_time_ms, site=wish.site)


def _items(wish: Wish, standing: Standing) -> Units:
    epcs: dict[Epc, None] = dict.fromkeys(wish.items)
    for number, lot in enumerate(wish.lots):
        field = f"items[{number}]"
        for epc in expand_lot(lot, standing, site=wish.site, field=field):
            epcs[epc] = None
    if not epcs:
        raise MalformedInput(
            "nothing_named", field="items", got="nothing", wanted="at least one code"
        )
    return Units(list(epcs))


def _container(wish: Wish) -> Epc:
    if wish.container is None:
        raise MalformedInput(
            "field_missing", field="container", got="nothing", wanted="its code"
        )
    return wish.container


def _documents(wish: Wish, by: str) -> Sequence[BizTransaction]:
    return [document_uri(document, gln=by) for document in wish.documents]


def _outward(wish: Wish, by: str) -> Handover:
    if not wish.to or not wish.to_site:
        raise MalformedInput(
            "field_missing",
            field="to",
            got="nothing",
            wanted="GLN and site of the addressee",
        )
    return Handover(by, wish.site, wish.to, wish.to_site, _documents(wish, by))


def _shipment(ref: str, standing: Standing) -> Shipment[BitMap]:
    """The despatch of that name; that of others is not known here."""
    found = standing.state.shipments.get(ref)
    if found is None or standing.by not in {found.source.holder, found.addressee}:
        raise MalformedInput(
            "unknown_shipment",
            field="shipment",
            got=ref,
            wanted="the reference of a despatch",
        )
    return found


def _of_shipment(wish: Wish, standing: Standing) -> Units:
    return Units(list(wish.items) or expand_shipment(wish.shipment, standing))


def _plain(builder: Callable[..., EpcisEvent]) -> Planner:
    def plan(wish: Wish, standing: Standing) -> Plan:
        # Goods under way are ended by their sender, who names the shipment.
        parents = (wish.shipment,) if wish.shipment else wish.parents
        return Plan(builder(_occasion(wish), units=_items(wish, standing)), parents)

    return plan


def _new_container(wish: Wish, standing: Standing) -> Plan:
    event = build.commission_container(_occasion(wish), container=_container(wish))
    # One event may open many containers at once.
    return Plan(replace(event, epcs=(*event.epcs, *wish.items)))


def _pack(wish: Wish, standing: Standing) -> Plan:
    children = _items(wish, standing)
    event = build.pack(_occasion(wish), container=_container(wish), children=children)
    return Plan(event)


def _unpack(wish: Wish, standing: Standing) -> Plan:
    children = Units(list(wish.items))
    event = build.unpack(_occasion(wish), container=_container(wish), children=children)
    return Plan(event)


def _ship(wish: Wish, standing: Standing) -> Plan:
    units, handover = _items(wish, standing), _outward(wish, standing.by)
    return Plan(build.ship(_occasion(wish), units=units, handover=handover))


def _inward(wish: Wish, standing: Standing) -> tuple[Units, Handover]:
    shipment = _shipment(wish.shipment, standing)
    documents = [
        BizTransaction(each["type"], each["id"])
        for each in standing.documents[shipment.ref]
    ]
    sender, site = shipment.source.holder, shipment.source.site
    handover = Handover(sender, site, standing.by, wish.site, documents)
    return _of_shipment(wish, standing), handover


def _receive(wish: Wish, standing: Standing) -> Plan:
    units, handover = _inward(wish, standing)
    event = build.receive(
        _occasion(wish),
        units=units,
        handover=handover,
        is_inferred=wish.is_inferred or not wish.items,
    )
    return Plan(event, (wish.shipment,))


def _receive_return(wish: Wish, standing: Standing) -> Plan:
    units, handover = _inward(wish, standing)
    event = build.receive_return(_occasion(wish), units=units, handover=handover)
    return Plan(event, (wish.shipment,))


def _void(wish: Wish, standing: Standing) -> Plan:
    shipment = _shipment(wish.shipment, standing)
    units = _of_shipment(wish, standing)
    return Plan(build.void_shipping(_occasion(wish), units=units), (shipment.ref,))


def _export(wish: Wish, standing: Standing) -> Plan:
    event = build.export(
        _occasion(wish),
        units=_items(wish, standing),
        source=standing.by,
        documents=_documents(wish, standing.by),
    )
    return Plan(event)


def _return(wish: Wish, standing: Standing) -> Plan:
    units = _items(wish, standing)
    sale = _shipment(wish.shipment or _sale_of(units, standing), standing)
    seller, site = sale.source.holder, sale.source.site
    # Without a number of the seller's own the return goes under the sale's.
    documents = list(_documents(wish, seller)) or [
        document_uri(BizTransaction("rma", sale.ref[:16]), gln=seller)
    ]
    handover = Handover(standing.by, wish.site, seller, site, documents)
    event = build.ship_return(_occasion(wish), units=units, handover=handover)
    return Plan(event, (sale.ref,))


def _sale_of(units: Units, standing: Standing) -> str:
    packs = [(e.gtin, e.serial) for e in units.epcs if isinstance(e, PackEpc)]
    sale = standing.find_sale(packs[0]) if packs else ""
    if not sale:
        raise MalformedInput(
            "unknown_shipment",
            field="shipment",
            got="goods that no sale to you names",
            wanted="the sale it goes back on",
        )
    return sale


def _recall_ship(wish: Wish, standing: Standing) -> Plan:
    units, handover = _items(wish, standing), _outward(wish, standing.by)
    event = build.ship_recalled(_occasion(wish), units=units, handover=handover)
    return Plan(event, wish.parents)


def _hold(wish: Wish, standing: Standing) -> Plan:
    word = RECALLED if wish.reason == RECALLED else NON_SELLABLE
    units = _items(wish, standing)
    return Plan(build.hold(_occasion(wish), units=units, disposition=word))


def _release(wish: Wish, standing: Standing) -> Plan:
    units = _items(wish, standing)
    if wish.reason == RELEASES[RETURNED]:
        return Plan(build.release_inspected(_occasion(wish), units=units))
    word = RECALLED if wish.reason == RELEASES[RECALLED] else NON_SELLABLE
    return Plan(build.release(_occasion(wish), units=units, disposition=word))


def _take_back(reason: str) -> Planner:
    def plan(wish: Wish, standing: Standing) -> Plan:
        if len(wish.parents) != 1:
            raise MalformedInput(
                "field_missing",
                field="parents",
                got=f"{len(wish.parents)} references",
                wanted="the event",
            )
        event = standing.said[wish.parents[0]]
        if wish.items and not event.children:
            event = replace(event, epcs=wish.items)
        declared = build.declare_error(
            event, declaration_time_ms=wish.event_time_ms, reason=reason
        )
        return Plan(declared, wish.parents)

    return plan


_PLANS: Final[Mapping[str, Planner]] = {
    "new_container": _new_container,
    "pack": _pack,
    "unpack": _unpack,
    "ship": _ship,
    "receive": _receive,
    "void": _void,
    "dispense": _plain(build.dispense),
    "dispense_part": _plain(build.dispense_part),
    "undo": _take_back("did_not_occur"),
    "correct": _take_back("incorrect_data"),
    "decommission": _plain(build.decommission),
    "lost": _plain(build.lose),
    "destroy": _plain(build.destroy),
    "sample": _plain(build.sample),
    "stolen": _plain(build.report_stolen),
    "export": _export,
    "return_ship": _return,
    "return_receive": _receive_return,
    "recall_ship": _recall_ship,
    "hold": _hold,
    "release": _release,
}
