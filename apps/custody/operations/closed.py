"""The events and despatches of a closing, written as rows again."""

from __future__ import annotations

from collections.abc import Mapping

from apps.custody.formats import to_bytes
from apps.custody.models import Discrepancy, Event, Shipment, ShipmentLine
from apps.custody.operations.project import add_line
from apps.custody.queries.closed import Closed, moves_in, units_of_pairs
from apps.custody.queries.snapshot import DESPATCH_COLUMNS, Line


def write_closed(closed: Closed, batch_ids: Mapping[str, int]) -> int:
    """Write the rows that a closing keeps; how many events.

    Args:
        batch_ids: catalog row of every batch tag.
    """
    events: dict[str, Event] = {}
    for line in closed.events:
        row = Event.objects.create(**line["event"], is_corrected=line["is_corrected"])
        for move in moves_in(line):
            add_line(row, batch_ids[move.tag], move)
        events[row.ref] = row
    for line in closed.despatches:
        _write_despatch(line, events[line["despatch"]], batch_ids)
    return len(events)


def _write_despatch(line: Line, event: Event, batch_ids: Mapping[str, int]) -> None:
    row = Shipment.objects.create(
        event=event,
        is_open=any(still for _, still in line["lines"].values()),
        **{name: line[name] for name in DESPATCH_COLUMNS},
    )
    for tag, (sent, still) in line["lines"].items():
        there, remaining = units_of_pairs(sent), units_of_pairs(still)
        ShipmentLine.objects.create(
            shipment=row,
            batch_id=batch_ids[tag],
            sent=to_bytes(there),
            open_units=to_bytes(remaining),
            sent_count=len(there),
            open_count=len(remaining),
        )
    for receipt_ref, tag, count, is_settled in line["shortages"]:
        Discrepancy.objects.create(
            shipment=row,
            batch_id=batch_ids[tag],
            kind="shortage",
            count=count,
            receipt_ref=receipt_ref,
            is_settled=is_settled,
        )
