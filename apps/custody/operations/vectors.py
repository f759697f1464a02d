"""The forward vectors of a group of events, changed where they lie, all at the end.

Holders of neighbouring packs share a chunk, so its row is what they wait for in each
other's transactions: it is touched as late as can be, and not read before on
PostgreSQL. Chunks are taken in ascending order by everybody.
"""

from __future__ import annotations

import json
from array import array as cells
from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db import connection
from pyroaring import BitMap

from apps.core.custody import effects as fx
from apps.custody.formats import CHUNK, chunk_numbers, ranges, read_vector, within
from apps.custody.models import ForwardChunk
from apps.custody.operations.bulk import Bulk
from apps.custody.operations.changes import Changes
from apps.edge.lists import array, numbers

_NONE: Final = 0
_EMPTY: Final = bytes(4 * CHUNK)
Key = tuple[int, int]  # batch row, chunk


class Change(NamedTuple):
    """From a place of the vector on, `size` times `new`; with `old`, only instead."""

    place: int
    size: int
    new: int
    old: int | None = None


def rewrite(changes: Changes) -> None:
    """Write where units are, and in which containers, after all rows are known."""
    if changes.new_units:
        _begin(changes)
    holdings = _by_chunk(_moved(changes))
    containers = _by_chunk(_boxed(changes))
    if not (holdings or containers):
        return
    if connection.vendor == "postgresql":
        _change_there(holdings, containers)
    else:
        _change_here("holdings", holdings)
        _change_here("containers", containers)


def _begin(changes: Changes) -> None:
    """Vectors for the chunks in which new units are the first."""
    ground = changes.ground
    rows = Bulk(ForwardChunk, "batch", "chunk_no", "holdings", "containers")
    for new, place in changes.new_units:
        batch_id = ground.loaded.batch_ids[new.tag]
        holding, end = ground.holdings[batch_id, place], new.base + new.size
        for start in range(_next_chunk(new.base), end, CHUNK):
            held = _cells(holding, min(end - start, CHUNK))
            rows.add(batch_id, start // CHUNK, held.ljust(len(_EMPTY), b"\0"), _EMPTY)
    rows.flush()


def _next_chunk(ordinal: int) -> int:
    """Where the first chunk from `ordinal` on begins."""
    return -(-ordinal // CHUNK) * CHUNK


def _moved(changes: Changes) -> Iterator[tuple[int, BitMap, int, int | None]]:
    ground = changes.ground
    for _, move in changes.moves:
        batch_id = ground.loaded.batch_ids[move.tag]
        units = move.units
        if move.source is None:  # the others have vectors that know them
            units = units & BitMap(range(units.min(), _next_chunk(units.min())))
        yield batch_id, units, ground.holdings[batch_id, move.target], None


def _boxed(changes: Changes) -> Iterator[tuple[int, BitMap, int, int | None]]:
    """Loose units go in, packed ones stay as they are; innermost ones come out."""
    ground = changes.ground
    for effect in changes.boxed:
        batch_id = ground.loaded.batch_ids[effect.tag]
        box = ground.boxes[effect.epc]
        if isinstance(effect, fx.PutIn):
            yield batch_id, effect.units, box, _NONE
        else:
            yield batch_id, effect.units, _NONE, box


def _by_chunk(
    parts: Iterator[tuple[int, BitMap, int, int | None]],
) -> dict[Key, list[Change]]:
    found: dict[Key, list[Change]] = {}
    for batch_id, units, new, old in parts:
        for number in chunk_numbers(units):
            for first, last in ranges(within(units, number)):
                change = Change(first, last - first + 1, new, old)
                found.setdefault((batch_id, number), []).append(change)
    return found


_THERE: Final = "vector_changed({0}, %s::integer[], %s::bytea[], %s::bytea[])"
_UPDATE: Final = (
    "UPDATE custody_forwardchunk SET {} WHERE batch_id = %s AND chunk_no = %s"
)
_HOLDINGS: Final = f"holdings = {_THERE.format('holdings')}"
_BOTH: Final = f"{_HOLDINGS}, containers = {_THERE.format('containers')}"


def _change_there(
    holdings: dict[Key, list[Change]], containers: dict[Key, list[Change]]
) -> None:
    columns = [holdings, containers] if containers else [holdings]
    rows = [
        [value for each in columns for value in _arrays(each.get(key, []))] + [*key]
        for key in sorted({*holdings, *containers})
    ]
    sql = _UPDATE.format(_BOTH if containers else _HOLDINGS)
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(sql, rows[0])
        else:
            cursor.executemany(sql, rows)


def _arrays(changes: list[Change]) -> list[str]:
    return [
        numbers(change.place for change in changes),
        array(_cells(change.new, change.size) for change in changes),
        array(
            b"" if change.old is None else _cells(change.old, change.size)
            for change in changes
        ),
    ]


def _cells(row: int, size: int) -> bytes:
    return cells("I", [row]).tobytes() * size


def _change_here(column: str, parts: dict[Key, list[Change]]) -> None:
    if not parts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, batch_id, chunk_no, {column} FROM custody_forwardchunk"  # noqa: S608  # constants
            " WHERE (batch_id, chunk_no) IN (SELECT json_extract(value, '$[0]'),"
            " json_extract(value, '$[1]') FROM json_each(%s))",
            [json.dumps(sorted(parts))],
        )
        rows = [
            (_changed(stored, parts[batch_id, number]), row)
            for row, batch_id, number, stored in cursor.fetchall()
        ]
        cursor.executemany(
            f"UPDATE custody_forwardchunk SET {column} = %s WHERE id = %s",  # noqa: S608  # constants
            rows,
        )


def _changed(stored: bytes, changes: list[Change]) -> bytes:
    vector = read_vector(stored)
    for place, size, new, old in changes:
        if old is None:
            vector[place : place + size] = cells("I", [new]) * size
            continue
        for each in range(place, place + size):
            if vector[each] == old:
                vector[each] = new
    return vector.tobytes()
