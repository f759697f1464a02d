"""What later events may name: shipments, sales, events and recalls, from rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from pyroaring import BitMap

from apps.core.custody import Batch, EventRecord, Move, OpenRecall, Place
from apps.core.custody import Shipment as Despatched
from apps.custody.formats import to_set, whole
from apps.custody.models import (
    Event,
    EventLine,
    RecallRule,
    RecallScope,
    Shipment,
    ShipmentLine,
)

Tags = Mapping[int, str]


def shipments_named(refs: Iterable[str]) -> list[Shipment]:
    """The shipments with these references, and those that events so named settled."""
    named = set(refs)
    if not named:
        return []
    settled = Event.objects.filter(ref__in=named).values_list("shipment_ref", flat=True)
    named |= {ref for ref in settled if ref}
    return list(
        Shipment.objects.filter(event__ref__in=named)
        .select_related("event")
        .prefetch_related("lines")
    )


def sales_from(*, seller: str, buyer: str, batch_ids: set[int]) -> list[Shipment]:
    """Despatches by which `buyer` had any of these batches from `seller`."""
    if not seller or not batch_ids:
        return []
    return list(
        Shipment.objects.filter(
            sender=seller, addressee=buyer, lines__batch_id__in=batch_ids
        )
        .distinct()
        .select_related("event")
        .prefetch_related("lines")
    )


def reread(rows: Iterable[Shipment]) -> list[Shipment]:
    """The same shipments, read again now that their goods are locked."""
    return list(
        Shipment.objects.filter(pk__in=[row.pk for row in rows])
        .select_related("event")
        .prefetch_related("lines")
    )


def batch_ids_of(rows: Iterable[Shipment]) -> set[int]:
    """Batches that the shipments list."""
    return {line.batch_id for row in rows for line in row.lines.all()}


def shipments(rows: Iterable[Shipment], tags: Tags) -> dict[str, Despatched[BitMap]]:
    """Shipments as the law reads them, by reference."""
    return {row.event.ref: _shipment(row, row.lines.all(), tags) for row in rows}


def _shipment(
    row: Shipment, lines: Iterable[ShipmentLine], tags: Tags
) -> Despatched[BitMap]:
    lines = list(lines)
    return Despatched(
        ref=row.event.ref,
        source=Place(row.sender, row.sender_site, "in_transit"),
        addressee=row.addressee,
        addressee_site=row.addressee_site,
        purpose=row.purpose,
        sent={tags[line.batch_id]: to_set(line.sent) for line in lines},
        open={tags[line.batch_id]: to_set(line.open_units) for line in lines},
    )


def records(events: QuerySet[Event], tags: Tags) -> dict[str, EventRecord[BitMap]]:
    """Earlier events as the law reads them; lines of other batches are left out."""
    return {
        event.ref: EventRecord(
            ref=event.ref,
            rule=event.rule,
            by=event.by,
            site=event.site,
            accepted_ms=event.accepted_ms,
            moves=tuple(
                _move(line, tags) for line in event.lines.all() if line.batch_id in tags
            ),
            shipment=event.shipment_ref,
            # The parent is kept behind the containers named inside it.
            parent=event.containers[-1] if event.rule == "packing" else "",
            is_corrected=event.is_corrected,
        )
        for event in events.prefetch_related("lines")
    }


def _move(line: EventLine, tags: Tags) -> Move[BitMap]:
    source = None
    if line.source_holder:
        source = Place(line.source_holder, line.source_site, line.source_status)
    return Move(
        tag=tags[line.batch_id],
        units=to_set(line.units),
        source=source,
        target=Place(line.target_holder, line.target_site, line.target_status),
    )


def later(
    events: QuerySet[Event], batch_ids: set[int], tags: Tags
) -> dict[str, dict[str, BitMap]]:
    """For each event, the units of these batches that moved after it."""
    found: dict[str, dict[str, BitMap]] = {}
    for event in events:
        moved = found.setdefault(event.ref, {})
        lines = EventLine.objects.filter(
            batch_id__in=batch_ids, event_id__gt=event.pk
        ).values_list("batch_id", "units")
        for batch_id, units in lines:
            tag = tags[batch_id]
            moved[tag] = moved.get(tag, BitMap()) | to_set(units)
    return found


def recalls(
    refs: Iterable[str], tags: Tags, batches: Mapping[str, Batch[BitMap]]
) -> dict[str, OpenRecall[BitMap]]:
    """The open recalls among `refs`, with the units of the loaded batches."""
    found = {}
    for rule in RecallRule.objects.filter(recall_id__in=set(refs)):
        units = {}
        for scope in RecallScope.objects.filter(
            recall_id=rule.recall_id, batch_id__in=tags
        ):
            batch = batches[tags[scope.batch_id]]
            units[batch.tag] = (
                whole(batch.size) if scope.is_whole else to_set(scope.units)
            )
        found[rule.recall_id] = OpenRecall(
            rule.recall_id, rule.opened_by, rule.return_to, units
        )
    return found
