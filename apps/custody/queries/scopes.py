"""Which units an open recall covers."""

from __future__ import annotations

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.core.recall import Scope
from apps.custody.formats import to_set, whole
from apps.custody.models import RecallScope, SerialChunk, SerialNumber
from apps.custody.queries.archived import archived_units

_AT_ONCE = 900


def batches_in_scope(*, product_id: int, scope: Scope) -> list[Batch]:
    """Existing batches of the product that the scope can mean, by row."""
    rows = catalog.list_batches_of(product_id=product_id, lots=scope.lots)
    covered = [
        batch
        for batch in rows
        if scope.covers_batch(lot=batch.lot, expiry_date=batch.expiry_date)
    ]
    if not scope.names_serials:
        return covered
    return [b for b in covered if units_in_scope(batch_id=b.pk, scope=scope)]


def units_in_scope(*, batch_id: int, scope: Scope) -> BitMap:
    """The units of a covered batch whose serials the scope names."""
    if scope.ranges:
        return _by_ranges(batch_id, scope)
    serials = sorted(scope.serials)
    units = archived_units(batch_id=batch_id, serials=serials)
    product_id = catalog.get_batch(batch_id).product_id
    for start in range(0, len(serials), _AT_ONCE):
        rows = SerialNumber.objects.filter(
            product_id=product_id,
            batch_id=batch_id,
            serial__in=serials[start : start + _AT_ONCE],
        )
        units.update(rows.values_list("ordinal", flat=True))
    return units


def _by_ranges(batch_id: int, scope: Scope) -> BitMap:
    units = BitMap()
    for chunk in SerialChunk.objects.filter(batch_id=batch_id).iterator():
        units.update(
            ordinal
            for ordinal, serial in enumerate(chunk.serials.split("\n"), chunk.first)
            if scope.covers_serial(serial)
        )
    return units


def covered_units(*, recall_id: str) -> dict[int, BitMap]:
    """The units that an open recall covers now, by batch row."""
    scopes = RecallScope.objects.filter(recall_id=recall_id).select_related("batch")
    return {
        scope.batch_id: whole(scope.batch.size)
        if scope.is_whole
        else to_set(scope.units)
        for scope in scopes
    }
