"""Earlier events that an error declaration takes back, from rows."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import QuerySet
from pyroaring import BitMap

from apps.core.custody import EventRecord, Move, Place
from apps.custody.formats import to_set
from apps.custody.models import Event, EventLine

Tags = Mapping[int, str]


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
