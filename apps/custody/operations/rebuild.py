"""Drop custody's projections and make them again from the ledger.

Evidence stays: statements, leaves, serial chunks, closings. Everything is taken from
the newest closing, then replayed by the law in log order, and written anew, in one transaction; the numbers of rows change, what
they say does not.
"""

from __future__ import annotations

from django.db import transaction
from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.custody.formats import to_bytes
from apps.custody.models import (
    ArchivedBatch,
    BatchHold,
    Container,
    ContainerLine,
    Discrepancy,
    Event,
    EventChunk,
    EventLine,
    ForwardChunk,
    Holding,
    RecallScope,
    SerialBlock,
    SerialNumber,
    Shipment,
    ShipmentLine,
)
from apps.custody.operations import despatches, forward, registering
from apps.custody.operations.archive import put_in_blocks
from apps.custody.operations.closed import write_closed
from apps.custody.operations.project import add_line
from apps.custody.operations.scopes import store_scopes
from apps.custody.queries.judged import columns_of, moves_of
from apps.custody.queries.replay import Judged, Replay

# Children before parents.
_PROJECTIONS = (
    Discrepancy,
    ShipmentLine,
    Shipment,
    EventChunk,
    EventLine,
    Event,
    ContainerLine,
    Container,
    ForwardChunk,
    Holding,
    BatchHold,
    RecallScope,
    SerialNumber,
    SerialBlock,
    ArchivedBatch,
)


@transaction.atomic(durable=True)
def rebuild() -> dict[str, int]:
    """Replay the ledger into fresh projections; how many events and batches.

    Raises:
        TraceError: the log has something that the law does not accept; then the
            projections stay as they are.
    """
    archived = dict(ArchivedBatch.objects.values_list("pk", "archived_at"))
    for model in _PROJECTIONS:
        model.objects.all().delete()
    batch_ids = {bytes(row.tag).hex(): row.pk for row in catalog.list_all_batches()}
    replay = Replay()
    count = 0
    replay.begin()
    if replay.closed is not None:
        count += write_closed(replay.closed, batch_ids)
    for judged in replay.run():
        _write_event(judged, batch_ids)
        count += 1
    for tag, names in replay.serials.items():
        registering.register(batch_id=batch_ids[tag], base=0, serials=names)
    for batch_id, at in sorted(archived.items()):
        put_in_blocks(catalog.get_batch(batch_id), at=at)
    _write_containers(replay, batch_ids)
    _write_places(replay, batch_ids)
    _mark_corrected(replay)
    store_scopes(
        {
            recall_id: {batch_ids[tag]: units for tag, units in recall.units.items()}
            for recall_id, recall in replay.state.recalls.items()
        }
    )
    return {"events": count, "batches": len(batch_ids)}


def _write_event(judged: Judged, batch_ids: dict[str, int]) -> None:
    row = Event.objects.create(**columns_of(judged))
    for move in moves_of(judged):
        add_line(row, batch_ids[move.tag], move)
    documents = judged.line.said.documents
    for effect in judged.judgement.effects:
        despatches.project_effect(row, effect, batch_ids, documents)
    if judged.judgement.rule.startswith("receiving"):
        despatches.note_shortages(ref=judged.judgement.shipment, receipt_ref=row.ref)


def _write_containers(replay: Replay, batch_ids: dict[str, int]) -> None:
    rows = {
        epc: Container.objects.create(
            epc=epc,
            holder=box.place.holder,
            site=box.place.site,
            status=box.place.status,
        )
        for epc, box in sorted(replay.state.containers.items())
    }
    for epc, box in replay.state.containers.items():
        if box.parent is not None:
            Container.objects.filter(epc=epc).update(parent=rows[box.parent])
        ContainerLine.objects.bulk_create(
            ContainerLine(
                container=rows[epc],
                batch_id=batch_ids[tag],
                count=len(units),
                units=to_bytes(units),
            )
            for tag, units in box.units.items()
            if units
        )


def _write_places(replay: Replay, batch_ids: dict[str, int]) -> None:
    for tag, batch in replay.state.batches.items():
        batch_id = batch_ids[tag]
        forward.add_chunks(batch_id=batch_id, base=0, size=batch.size, holding_id=0)
        for place, units in batch.holdings.items():
            row = Holding.objects.create(
                batch_id=batch_id,
                holder=place.holder,
                site=place.site,
                status=place.status,
                count=len(units),
                units=to_bytes(units),
            )
            forward.set_holding(batch_id=batch_id, units=units, holding_id=row.pk)
        for key, held in batch.held.items():
            BatchHold.objects.create(
                batch_id=batch_id,
                owner=key.owner,
                reason=key.reason,
                units=to_bytes(held),
            )
    # Innermost first: a pack's vector names the smallest container around it.
    for box in sorted(Container.objects.all(), key=_depth, reverse=True):
        for line in box.lines.all():
            forward.put_in(
                batch_id=line.batch_id,
                units=BitMap.deserialize(bytes(line.units)),
                container_id=box.pk,
            )


def _depth(row: Container) -> int:
    depth = 0
    while row.parent is not None:
        row, depth = row.parent, depth + 1
    return depth


def _mark_corrected(replay: Replay) -> None:
    corrected = [r.ref for r in replay.state.events.values() if r.is_corrected]
    Event.objects.filter(ref__in=corrected).update(is_corrected=True)
