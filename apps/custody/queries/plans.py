"""From a wish to the one EPCIS event that says it, and the events it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.db.models import Q

from apps.core.canonical import parse_canonical
from apps.core.custody import NON_SELLABLE, RECALLED, RETURNED
from apps.core.epcis import BizTransaction, Epc, EpcisEvent, PackEpc, build, parse_event
from apps.core.epcis.parts import Handover, Occasion, Units
from apps.core.errors import MalformedInput
from apps.core.statement import parse_statement
from apps.core.subjects import Reference
from apps.custody.models import Shipment
from apps.custody.queries.expand import expand_lot, expand_shipment
from apps.custody.queries.registry import find_positions
from apps.custody.queries.sales import find_sale
from apps.custody.queries.wishes import Wish, document_uri
from apps.ledger import queries as ledger

# The `reason` of a wish to release, by what the hold was set for.
RELEASES: Final[Mapping[str, str]] = {
    NON_SELLABLE: "",
    RECALLED: "recalled",
    RETURNED: "inspected",
}
_MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """An event to be signed and the references it builds on."""

    event: EpcisEvent
    parents: tuple[str, ...] = ()


def plan_event(wish: Wish, *, by: str) -> Plan:
    """The event behind a wish; the law judges it later.

    Raises:
        MalformedInput: something that the step needs is missing or unknown.
    """
    return _PLANS[wish.step](wish, by)


def _occasion(wish: Wish) -> Occasion:
    return Occasion(event_time_ms=wish.event_time_ms, site=wish.site)


def _items(wish: Wish, by: str) -> Units:
    epcs: dict[Epc, None] = dict.fromkeys(wish.items)
    for number, lot in enumerate(wish.lots):
        field = f"items[{number}]"
        for epc in expand_lot(lot, holder=by, site=wish.site, field=field):
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


def _shipment(wish: Wish, by: str) -> Shipment:
    """The despatch that the wish names; that of others is not known here."""
    is_theirs = Q(sender=by) | Q(addressee=by)
    row = (
        Shipment.objects.filter(is_theirs, event__ref=wish.shipment)
        .select_related("event")
        .first()
    )
    if row is None:
        raise MalformedInput(
            "unknown_shipment",
            field="shipment",
            got=wish.shipment,
            wanted="the reference of a despatch",
        )
    return row


def _of_shipment(wish: Wish) -> Units:
    return Units(list(wish.items) or expand_shipment(ref=wish.shipment))


def _plain(builder: Callable[..., EpcisEvent]) -> Callable[[Wish, str], Plan]:
    def plan(wish: Wish, by: str) -> Plan:
        # Goods under way are ended by their sender, who names the shipment.
        parents = (wish.shipment,) if wish.shipment else wish.parents
        return Plan(builder(_occasion(wish), units=_items(wish, by)), parents)

    return plan


def _new_container(wish: Wish, by: str) -> Plan:
    event = build.commission_container(_occasion(wish), container=_container(wish))
    # One event may open many containers at once.
    return Plan(replace(event, epcs=(*event.epcs, *wish.items)))


def _pack(wish: Wish, by: str) -> Plan:
    children = _items(wish, by)
    event = build.pack(_occasion(wish), container=_container(wish), children=children)
    return Plan(event)


def _unpack(wish: Wish, by: str) -> Plan:
    children = Units(list(wish.items))
    event = build.unpack(_occasion(wish), container=_container(wish), children=children)
    return Plan(event)


def _ship(wish: Wish, by: str) -> Plan:
    units, handover = _items(wish, by), _outward(wish, by)
    return Plan(build.ship(_occasion(wish), units=units, handover=handover))


def _inward(wish: Wish, by: str) -> tuple[Units, Handover, str]:
    row = _shipment(wish, by)
    documents = [BizTransaction(item["type"], item["id"]) for item in row.documents]
    handover = Handover(row.sender, row.sender_site, by, wish.site, documents)
    return _of_shipment(wish), handover, row.event.ref


def _receive(wish: Wish, by: str) -> Plan:
    units, handover, ref = _inward(wish, by)
    event = build.receive(
        _occasion(wish),
        units=units,
        handover=handover,
        is_inferred=wish.is_inferred or not wish.items,
    )
    return Plan(event, (ref,))


def _receive_return(wish: Wish, by: str) -> Plan:
    units, handover, ref = _inward(wish, by)
    event = build.receive_return(_occasion(wish), units=units, handover=handover)
    return Plan(event, (ref,))


def _void(wish: Wish, by: str) -> Plan:
    row = _shipment(wish, by)
    event = build.void_shipping(_occasion(wish), units=_of_shipment(wish))
    return Plan(event, (row.event.ref,))


def _export(wish: Wish, by: str) -> Plan:
    event = build.export(
        _occasion(wish),
        units=_items(wish, by),
        source=by,
        documents=_documents(wish, by),
    )
    return Plan(event)


def _return(wish: Wish, by: str) -> Plan:
    units = _items(wish, by)
    named = replace(wish, shipment=wish.shipment or _sale_of(units, by))
    sale = _shipment(named, by)
    # Without a number of the seller's own the return goes under the sale's.
    documents = list(_documents(wish, sale.sender)) or [
        document_uri(BizTransaction("rma", sale.event.ref[:16]), gln=sale.sender)
    ]
    handover = Handover(by, wish.site, sale.sender, sale.sender_site, documents)
    event = build.ship_return(_occasion(wish), units=units, handover=handover)
    return Plan(event, (sale.event.ref,))


def _sale_of(units: Units, by: str) -> str:
    packs = [(e.gtin, e.serial) for e in units.epcs if isinstance(e, PackEpc)]
    positions = list(find_positions(packs[:1]).values())
    sale = find_sale(*positions[0], buyer=by) if positions else ""
    if not sale:
        raise MalformedInput(
            "unknown_shipment",
            field="shipment",
            got="goods that no sale to you names",
            wanted="the sale it goes back on",
        )
    return sale


def _recall_ship(wish: Wish, by: str) -> Plan:
    units, handover = _items(wish, by), _outward(wish, by)
    event = build.ship_recalled(_occasion(wish), units=units, handover=handover)
    return Plan(event, wish.parents)


def _hold(wish: Wish, by: str) -> Plan:
    word = RECALLED if wish.reason == RECALLED else NON_SELLABLE
    units = _items(wish, by)
    return Plan(build.hold(_occasion(wish), units=units, disposition=word))


def _release(wish: Wish, by: str) -> Plan:
    units = _items(wish, by)
    if wish.reason == RELEASES[RETURNED]:
        return Plan(build.release_inspected(_occasion(wish), units=units))
    word = RECALLED if wish.reason == RELEASES[RECALLED] else NON_SELLABLE
    return Plan(build.release(_occasion(wish), units=units, disposition=word))


def _take_back(reason: str) -> Callable[[Wish, str], Plan]:
    def plan(wish: Wish, by: str) -> Plan:
        if len(wish.parents) != 1:
            raise MalformedInput(
                "field_missing",
                field="parents",
                got=f"{len(wish.parents)} references",
                wanted="the event",
            )
        event = _said_before(wish.parents[0], by)
        if wish.items and not event.children:
            event = replace(event, epcs=wish.items)
        declared = build.declare_error(
            event, declaration_time_ms=wish.event_time_ms, reason=reason
        )
        return Plan(declared, wish.parents)

    return plan


def _said_before(ref: str, by: str) -> EpcisEvent:
    """The event that `by` signed under `ref`, read from the exact bytes."""
    reference = Reference.parse(ref, field="parents")
    vault = ledger.find_vault(reference.statement_id)
    statement = parse_statement(bytes(vault.payload)) if vault else None
    if vault is None or statement is None or statement.by != by:
        raise MalformedInput(
            "unknown_event", field="parents", got=ref, wanted="an event you signed"
        )
    if reference.line is None:
        return parse_event(statement.body)
    lines = bytes(vault.lines or b"").split(b"\n")
    if reference.line >= len(lines) - 1:
        raise MalformedInput(
            "unknown_event", field="parents", got=ref, wanted="a line of that file"
        )
    line = parse_canonical(lines[reference.line], max_bytes=_MOST_BYTES, doubles=True)
    event = line["event"] if isinstance(line, dict) else None
    if not isinstance(event, dict):
        raise MalformedInput(
            "unknown_event", field="parents", got=ref, wanted="a line of that file"
        )
    return parse_event(event)


_PLANS: Final[Mapping[str, Callable[[Wish, str], Plan]]] = {
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
