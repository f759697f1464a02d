"""The custody state as the lines of a closing snapshot, from rows.

    header, then by tag every batch, by EPC every container, in order of acceptance
    every event that is kept, and every despatch that is kept

Sets are canonical ranges of ordinals, parties and sites are GLNs, times milliseconds
since 1970. What recalls block stands in their own statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.custody.formats import ranges, to_set
from apps.custody.models import (
    BatchHold,
    Container,
    Discrepancy,
    Event,
    EventLine,
    Holding,
    Shipment,
)
from apps.custody.queries.containers import place_of

FORMAT: Final = "pharmatrace-closing/v1"
EVENT_COLUMNS: Final = (
    *("ref", "statement_id", "rule", "biz_step", "disposition", "action", "by", "site"),
    *("counterparty", "accepted_ms", "event_time_ms", "parent_ref", "shipment_ref"),
    *("is_inferred", "containers"),
)
DESPATCH_COLUMNS: Final = (
    *("sender", "sender_site", "addressee", "addressee_site", "purpose", "documents"),
)
_PAGE: Final = 500  # rows

Line = dict[str, Any]


def snapshot_lines(
    *, ledger: str, statements: int, erased: Collection[str]
) -> Iterator[Line]:
    """Every line; memory is one page of rows.

    Args:
        ledger: origin of the log.
        statements: of goods that were accepted, in log order, before the closing.
        erased: ids of the statements whose events are left out.
    """
    yield {"format": FORMAT, "ledger": ledger, "statements": statements}
    tags = {}
    for batch in sorted(catalog.list_all_batches(), key=lambda row: bytes(row.tag)):
        tags[batch.pk] = bytes(batch.tag).hex()
        yield _batch_line(batch)
    rows = Container.objects.select_related("parent__parent").prefetch_related("lines")
    for box in rows.order_by("epc").iterator(chunk_size=_PAGE):
        yield _container_line(box, tags)
    events = Event.objects.order_by("pk").prefetch_related("lines")
    for event in events.iterator(chunk_size=_PAGE):
        if event.statement_id not in erased:
            yield event_line(event, tags)
    despatches = Shipment.objects.select_related("event").order_by("pk")
    despatches = despatches.prefetch_related("lines", "discrepancies")
    for row in despatches.iterator(chunk_size=_PAGE):
        if row.event.statement_id not in erased:
            yield _despatch_line(row, tags)


def _batch_line(batch: Batch) -> Line:
    held = Holding.objects.filter(batch=batch, count__gt=0)
    holds = BatchHold.objects.filter(batch=batch).order_by("owner", "reason")
    return {
        "batch": bytes(batch.tag).hex(),
        "gtin": batch.product.gtin,
        "lot": batch.lot,
        "expiry_date": batch.expiry_date.isoformat(),
        "brand_owner": batch.product.brand_owner.gln,
        "size": batch.size,
        "commissioned_by": batch.commissioned_by,
        "commissioned_ms": batch.commissioned_ms,
        "holdings": [
            {
                "place": [row.holder, row.site, row.status],
                "units": _pairs(row.units),
            }
            for row in held.order_by("holder", "site", "status")
        ],
        "held": [
            {"owner": row.owner, "reason": row.reason, "units": _pairs(row.units)}
            for row in holds
            if to_set(row.units)
        ],
    }


def _container_line(box: Container, tags: dict[int, str]) -> Line:
    units = {tags[line.batch_id]: _pairs(line.units) for line in box.lines.all()}
    return {
        "container": box.epc,
        "place": [*place_of(box)],
        "parent": box.parent.epc if box.parent else "",
        "units": units,
    }


def event_line(event: Event, tags: dict[int, str]) -> Line:
    """The row of an event and what it moved, for which `tags` names the batches."""
    lines = [_move(line, tags) for line in event.lines.all()]
    return {
        "event": {name: getattr(event, name) for name in EVENT_COLUMNS},
        "is_corrected": event.is_corrected,
        "moves": sorted(lines, key=lambda line: list(line.values())),
    }


def _move(line: EventLine, tags: dict[int, str]) -> Line:
    source = [line.source_holder, line.source_site, line.source_status]
    return {
        "tag": tags[line.batch_id],
        "source": source if any(source) else [],
        "target": [line.target_holder, line.target_site, line.target_status],
        "units": _pairs(line.units),
    }


def _despatch_line(row: Shipment, tags: dict[int, str]) -> Line:
    return {
        "despatch": row.event.ref,
        **{name: getattr(row, name) for name in DESPATCH_COLUMNS},
        "lines": {
            tags[line.batch_id]: [_pairs(line.sent), _pairs(line.open_units)]
            for line in row.lines.all()
        },
        "shortages": sorted(_shortage(each, tags) for each in row.discrepancies.all()),
    }


def _shortage(row: Discrepancy, tags: dict[int, str]) -> list[Any]:
    return [row.receipt_ref, tags[row.batch_id], row.count, row.is_settled]


def _pairs(stored: bytes | memoryview) -> list[list[int]]:
    return [[first, last] for first, last in ranges(to_set(stored))]
