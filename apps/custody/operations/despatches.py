"""Shipments: opened by a despatch, settled by receipts, voids and losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyroaring import BitMap

from apps.core.custody import Shipment as Despatched
from apps.core.custody import effects as fx
from apps.custody.formats import to_bytes, to_set
from apps.custody.models import Discrepancy, Event, Shipment, ShipmentLine


def open_shipment(
    event: Event,
    shipment: Despatched[BitMap],
    batch_ids: Mapping[str, int],
    documents: Sequence[Mapping[str, str]],
) -> None:
    """A despatch is under way with all it lists."""
    row = Shipment.objects.create(
        event=event,
        sender=shipment.source.holder,
        sender_site=shipment.source.site,
        addressee=shipment.addressee,
        addressee_site=shipment.addressee_site,
        purpose=shipment.purpose,
        documents=[dict(document) for document in documents],
    )
    ShipmentLine.objects.bulk_create(
        [
            ShipmentLine(
                shipment=row,
                batch_id=batch_ids[tag],
                sent=to_bytes(units),
                open_units=to_bytes(units),
                sent_count=len(units),
                open_count=len(units),
            )
            for tag, units in shipment.sent.items()
        ]
    )


def settle(ref: str, batch_id: int, units: BitMap) -> None:
    """Units of a shipment that are under way no more."""
    line = _line(ref, batch_id)
    _store(line, to_set(line.open_units) - units)


def reopen(ref: str, batch_id: int, units: BitMap) -> None:
    """Units of a shipment that are under way again."""
    line = _line(ref, batch_id)
    _store(line, to_set(line.open_units) | units)


def project_effect(
    event: Event,
    effect: fx.Effect[BitMap],
    batch_ids: Mapping[str, int],
    documents: Sequence[Mapping[str, str]],
) -> None:
    """Write one effect if it is about a shipment; others are not looked at."""
    match effect:
        case fx.Despatch():
            open_shipment(event, effect.shipment, batch_ids, documents)
        case fx.Settle():
            settle(effect.shipment, batch_ids[effect.tag], effect.units)
        case fx.Reopen():
            reopen(effect.shipment, batch_ids[effect.tag], effect.units)


def note_shortages(*, ref: str, receipt_ref: str) -> int:
    """After a receipt: what did not come is a typed discrepancy; how many lines."""
    Discrepancy.objects.filter(shipment__event__ref=ref, is_settled=False).update(
        is_settled=True
    )
    lines = ShipmentLine.objects.filter(
        shipment__event__ref=ref, open_count__gt=0
    ).order_by("batch_id")
    rows = [
        Discrepancy(
            shipment_id=line.shipment_id,
            batch_id=line.batch_id,
            kind="shortage",
            count=line.open_count,
            receipt_ref=receipt_ref,
        )
        for line in lines
    ]
    Discrepancy.objects.bulk_create(rows)
    return len(rows)


def _line(ref: str, batch_id: int) -> ShipmentLine:
    # Lines of one shipment that close at once must see each other: see `_store`.
    list(
        Shipment.objects.filter(event__ref=ref)
        .select_for_update(of=("self",))
        .values_list("pk")
    )
    return ShipmentLine.objects.get(shipment__event__ref=ref, batch_id=batch_id)


def _store(line: ShipmentLine, still_open: BitMap) -> None:
    ShipmentLine.objects.filter(pk=line.pk).update(
        open_units=to_bytes(still_open), open_count=len(still_open)
    )
    is_open = ShipmentLine.objects.filter(
        shipment_id=line.shipment_id, open_count__gt=0
    ).exists()
    Shipment.objects.filter(pk=line.shipment_id).update(is_open=is_open)
