"""A cold lot's registry rows put into blocks, and taken out again (ADR 38).

Nothing of the ledger changes, and nothing that anybody can ask: a serial is found in a
block as it was in its row, in a fifth of the space.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from apps.catalog import operations as catalog
from apps.catalog import queries as catalog_queries
from apps.catalog.models import Batch
from apps.core.errors import IntegrityBreach, MalformedInput
from apps.custody.models import ArchivedBatch, SerialBlock
from apps.custody.operations import registering
from apps.custody.queries.archived import BLOCK, iter_archived, pack_block
from apps.custody.queries.registry import commissioned_serials

_AT_ONCE = 20_000
_TAKE = {
    # By the index for each serial, whatever the planner has counted: see `registry`.
    "postgresql": "DELETE FROM custody_serialnumber WHERE ctid = ANY(ARRAY("
    "SELECT known.ctid FROM unnest(string_to_array(%s, E'\\n')) said (asked),"
    " LATERAL (SELECT ctid FROM custody_serialnumber WHERE product_id = %s"
    " AND serial = said.asked OFFSET 0) known)) AND batch_id = %s"
    " RETURNING serial, ordinal",
    "sqlite": "DELETE FROM custody_serialnumber WHERE serial"
    " IN (SELECT value FROM json_each(%s)) AND product_id = %s AND batch_id = %s"
    " RETURNING serial, ordinal",
}


@transaction.atomic(durable=True)
def archive_batch(*, gtin: str, lot: str, at: datetime) -> int:
    """Put all registry rows of a lot into blocks; how many serials.

    Again for a lot that has grown since: then all of it stands in blocks.

    Raises:
        MalformedInput: `no_such_lot`.
        IntegrityBreach: `registry_differs` from the serials that were commissioned;
            nothing was changed, and `fsck` says more.
    """
    batch = _locked(gtin, lot)
    _bring_back(batch)
    return put_in_blocks(batch, at=at)


@transaction.atomic(durable=True)
def restore_batch(*, gtin: str, lot: str) -> int:
    """Give an archived lot its registry rows again; how many, 0 if it is not archived.

    Raises:
        MalformedInput: `no_such_lot`.
        LedgerConflict: `serial_taken`: cannot be, as archived serials stay taken.
    """
    return _bring_back(_locked(gtin, lot))


def _locked(gtin: str, lot: str) -> Batch:
    # Against whoever commissions: he looks into rows and blocks, one after the other.
    catalog.lock_product(gtin=gtin)
    batch = catalog_queries.find_batch(gtin=gtin, lot=lot)
    if batch is None:
        raise MalformedInput(
            "no_such_lot", field="lot", got=lot, wanted="a lot that was commissioned"
        )
    return batch


def put_in_blocks(batch: Batch, *, at: datetime) -> int:
    """The same within the caller's transaction, who holds the product locked."""
    serials = commissioned_serials(tag=bytes(batch.tag).hex(), base=0, size=batch.size)
    rows = sorted(_take_rows(batch, serials))
    if rows != sorted(zip(serials, range(len(serials)), strict=True)):
        raise IntegrityBreach(
            "registry_differs",
            field=f"lot {batch.lot}",
            got=f"{len(rows)} rows",
            wanted=f"the {len(serials)} serials commissioned",
        )
    archived = ArchivedBatch.objects.create(
        batch=batch, product_id=batch.product_id, archived_at=at
    )
    blocks = [
        pack_block(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK)
    ]
    for block in blocks:
        block.batch = archived
    SerialBlock.objects.bulk_create(blocks, batch_size=200)
    return len(rows)


def _take_rows(batch: Batch, serials: Sequence[str]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    vendor = connection.vendor
    with connection.cursor() as cursor:
        for start in range(0, len(serials), _AT_ONCE):
            part = serials[start : start + _AT_ONCE]
            listed = "\n".join(part) if vendor == "postgresql" else json.dumps(part)
            cursor.execute(_TAKE[vendor], [listed, batch.product_id, batch.pk])
            found += cursor.fetchall()
    return found


def _bring_back(batch: Batch) -> int:
    rows = sorted(iter_archived(batch.pk), key=lambda row: row[1])
    SerialBlock.objects.filter(batch_id=batch.pk).delete()
    ArchivedBatch.objects.filter(pk=batch.pk).delete()
    if rows:
        # Ordinals of an archived lot begin with 0 and have no gap.
        serials = [serial for serial, _ in rows]
        registering.register(batch_id=batch.pk, base=0, serials=serials)
    return len(rows)
