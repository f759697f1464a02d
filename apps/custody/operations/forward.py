"""The forward vectors: for each ordinal its holding and its innermost container."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Literal

from django.db import connection
from pyroaring import BitMap

from apps.custody.formats import (
    CHUNK,
    chunk_numbers,
    ranges,
    read_vector,
    within,
    written,
)
from apps.custody.models import ForwardChunk

Column = Literal["holdings", "containers"]
_SELECT = {
    "holdings": "SELECT id, chunk_no, holdings FROM custody_forwardchunk",
    "containers": "SELECT id, chunk_no, containers FROM custody_forwardchunk",
}
_UPDATE = {
    "holdings": "UPDATE custody_forwardchunk SET holdings = %s WHERE id = %s",
    "containers": "UPDATE custody_forwardchunk SET containers = %s WHERE id = %s",
}


def add_chunks(*, batch_id: int, base: int, size: int, holding_id: int) -> None:
    """Vectors for `size` new units from ordinal `base` on, all in one holding."""
    if not size:
        return
    end = base + size
    numbers = range(base // CHUNK, (end - 1) // CHUNK + 1)
    first = ForwardChunk.objects.filter(batch_id=batch_id, chunk_no=numbers[0])
    if base % CHUNK and first.exists():
        part = BitMap(range(base, min(end, (numbers[0] + 1) * CHUNK)))
        set_holding(batch_id=batch_id, units=part, holding_id=holding_id)
        numbers = numbers[1:]
    none = bytes(4 * CHUNK)
    ForwardChunk.objects.bulk_create(
        [
            ForwardChunk(
                batch_id=batch_id,
                chunk_no=number,
                holdings=_begun(number * CHUNK, base, end, holding_id),
                containers=none,
            )
            for number in numbers
        ],
        batch_size=200,
    )


def _begun(start: int, base: int, end: int, holding_id: int) -> bytes:
    """The vector from ordinal `start` on, with the holding from `base` to `end` - 1."""
    before = max(base - start, 0)
    held = min(end - start, CHUNK) - before
    rest = CHUNK - before - held
    return array("I", [0] * before + [holding_id] * held + [0] * rest).tobytes()


def set_holding(*, batch_id: int, units: BitMap, holding_id: int) -> None:
    """From now on the units are in that holding."""

    def change(vector: memoryview, offsets: BitMap) -> bytes:
        return written(read_vector(vector), offsets, holding_id).tobytes()

    _rewrite("holdings", batch_id, units, change)


def put_in(*, batch_id: int, units: BitMap, container_id: int) -> None:
    """Loose units are now innermost in the container; packed ones stay as they are."""

    def change(stored: memoryview, offsets: BitMap) -> bytes:
        vector = read_vector(stored)
        for first, last in ranges(offsets):
            for place in range(first, last + 1):
                vector[place] = vector[place] or container_id
        return vector.tobytes()

    _rewrite("containers", batch_id, units, change)


def take_out(*, batch_id: int, units: BitMap, container_id: int) -> None:
    """Units that were innermost in the container are loose."""

    def change(stored: memoryview, offsets: BitMap) -> bytes:
        vector = read_vector(stored)
        for first, last in ranges(offsets):
            for place in range(first, last + 1):
                if vector[place] == container_id:
                    vector[place] = 0
        return vector.tobytes()

    _rewrite("containers", batch_id, units, change)


def _rewrite(
    column: Column,
    batch_id: int,
    units: BitMap,
    change: Callable[[memoryview, BitMap], bytes],
) -> None:
    numbers = chunk_numbers(units)
    if not numbers:
        return
    # Holders of neighbouring packs share a chunk: one writes it after the other.
    lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_SELECT[column]} WHERE batch_id = %s AND chunk_no >= %s"
            f" AND chunk_no <= %s ORDER BY chunk_no{lock}",
            [batch_id, numbers[0], numbers[-1]],
        )
        wanted = set(numbers)
        rows = [row for row in cursor.fetchall() if row[1] in wanted]
        cursor.executemany(
            _UPDATE[column],
            [(change(row[2], within(units, row[1])), row[0]) for row in rows],
        )
