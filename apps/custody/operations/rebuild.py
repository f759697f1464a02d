"""Drop custody's projections and make them again from the ledger.

Evidence stays: statements, leaves, serial chunks, closings. Everything is taken from
the newest closing, then replayed by the law in log order, and written anew, in one
transaction; the numbers of rows change, what they say does not.
"""

from __future__ import annotations

from django.db import connection, transaction

from apps.catalog import queries as catalog
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
from apps.custody.operations import registering
from apps.custody.operations.archive import put_in_blocks
from apps.custody.operations.detaching import verify_attached
from apps.custody.operations.replayed import ReplayedRows
from apps.custody.operations.scopes import store_scopes
from apps.custody.queries.replay import Replay

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
            projections stay as they are; `part_detached`.
    """
    verify_attached()
    archived = dict(ArchivedBatch.objects.values_list("pk", "archived_at"))
    _drop_all()
    batch_ids = {bytes(row.tag).hex(): row.pk for row in catalog.list_all_batches()}
    replay = Replay()
    replay.begin()
    rows = ReplayedRows(batch_ids=batch_ids, state=replay.state)
    if replay.closed is not None:
        rows.take_closed(replay.closed)
    for judged in replay.run():
        rows.take(judged)
    rows.finish()
    for tag, names in replay.serials.items():
        registering.register(batch_id=batch_ids[tag], base=0, serials=names)
    for batch_id, at in sorted(archived.items()):
        put_in_blocks(catalog.get_batch(batch_id), at=at)
    store_scopes(
        {
            recall_id: {batch_ids[tag]: units for tag, units in recall.units.items()}
            for recall_id, recall in replay.state.recalls.items()
        }
    )
    return {"events": rows.count, "batches": len(batch_ids)}


def _drop_all() -> None:
    if connection.vendor != "postgresql":
        for model in _PROJECTIONS:
            model.objects.all().delete()
        return
    tables = ", ".join(model._meta.db_table for model in _PROJECTIONS)
    with connection.cursor() as cursor:
        # Deleted rows would be looked for, one by one, in every table that may point to
        # them; who reads waits instead. What is still to be checked forbids to truncate.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
