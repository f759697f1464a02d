"""What people do with serials of a pool.

    reserved → printed → commissioned
        └──────────┴───→ destroyed

A move is refused whole: no serial moves if one of them may not.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from pyroaring import BitMap

from apps.core.errors import LedgerConflict, MalformedInput
from apps.pools.formats import to_bytes, to_set
from apps.pools.models import MoveKind, Pool, PoolState
from apps.pools.operations.rows import (
    Change,
    keep,
    lock,
    reserved,
    verify_among,
    verify_open,
    verify_unclaimed,
    verify_units,
    write_move,
)

_REASON: Final = 200  # characters


def name_lot(*, pool_id: UUID, lot: str, expiry_date: date, change: Change) -> Pool:
    """Say for which lot the pool's serials are, while none has left the reserve.

    Raises:
        LedgerConflict: `pool_not_open`; `pool_in_use`: labels may bear another lot.
    """
    with transaction.atomic():
        pool = lock(pool_id)
        verify_open(pool)
        if pool.printed_count or pool.commissioned_count:
            raise LedgerConflict(
                "pool_in_use",
                field="lot",
                got=f"{pool.printed_count + pool.commissioned_count} printed",
                wanted="a pool of which no serial was printed",
            )
        pool.lot, pool.expiry_date = lot, expiry_date
        pool.save(update_fields=["lot", "expiry_date"])
        write_move(pool, MoveKind.NAMED, BitMap(), change)
    return pool


def first_reserved(*, pool: Pool, count: int) -> BitMap:
    """The first `count` numbers that are still reserved.

    Raises:
        MalformedInput: `too_few`.
    """
    free = reserved(pool)
    if len(free) < count:
        raise MalformedInput(
            "too_few", field="count", got=count, wanted=f"at most {len(free)} reserved"
        )
    return BitMap(free[:count])


def print_serials(*, pool_id: UUID, units: BitMap, change: Change) -> Pool:
    """Reserved serials stand on labels now.

    Raises:
        LedgerConflict: `pool_not_open`; `serial_moved`: one is not reserved.
        MalformedInput: `out_of_range`, `nothing_named`.
    """
    with transaction.atomic():
        pool = lock(pool_id)
        verify_units(pool, units)
        verify_among(pool, units, reserved(pool), "reserved")
        pool.printed = to_bytes(to_set(pool.printed) | units)
        keep(pool, MoveKind.PRINTED, units, change)
    return pool


def destroy_serials(*, pool_id: UUID, units: BitMap, change: Change) -> Pool:
    """Reserved or printed serials are gone for ever: spoilt, lost, never to be used.

    Raises:
        LedgerConflict: `pool_not_open`; `serial_moved`: one is commissioned, or
            destroyed; `serial_waits`: one waits for the signature of an upload.
        MalformedInput: `out_of_range`, `nothing_named`, `reason_missing`.
    """
    _verify_reason(change.reason)
    with transaction.atomic():
        pool = lock(pool_id)
        verify_units(pool, units)
        free = reserved(pool) | to_set(pool.printed)
        verify_among(pool, units, free, "reserved or printed")
        verify_unclaimed(pool, units)
        _destroy(pool, units, change)
    return pool


def close_pool(*, pool_id: UUID, change: Change) -> Pool:
    """Give the rest of a pool up: whatever is reserved or printed is destroyed.

    Raises:
        LedgerConflict: `pool_not_open`; `serial_waits`.
        MalformedInput: `reason_missing`.
    """
    _verify_reason(change.reason)
    with transaction.atomic():
        pool = lock(pool_id)
        verify_open(pool)
        rest = reserved(pool) | to_set(pool.printed)
        verify_unclaimed(pool, rest)
        pool.state = PoolState.CLOSED
        pool.save(update_fields=["state"])
        _destroy(pool, rest, change)
    return pool


def _destroy(pool: Pool, units: BitMap, change: Change) -> None:
    pool.printed = to_bytes(to_set(pool.printed) - units)
    pool.destroyed = to_bytes(to_set(pool.destroyed) | units)
    keep(pool, MoveKind.DESTROYED, units, change)


def _verify_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > _REASON:
        raise MalformedInput(
            "reason_missing",
            field="reason",
            got=f"{len(reason)} characters",
            wanted=f"why, in 1 to {_REASON} characters",
        )
