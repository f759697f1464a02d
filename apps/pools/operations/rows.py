"""A pool's row under its lock: what every move of a serial asks and writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from pyroaring import BitMap

from apps.core.errors import LedgerConflict, MalformedInput
from apps.partners.models import User
from apps.pools.formats import to_bytes, to_set
from apps.pools.models import MoveKind, Pool, PoolMove, PoolState
from apps.pools.queries import claimed


@dataclass(frozen=True, slots=True)
class Change:
    """Who moves serials of a pool, when and why."""

    user: User | None
    at: datetime
    reason: str = ""
    ref: str = ""


def whole(pool: Pool) -> BitMap:
    """All numbers of a pool."""
    return BitMap(range(pool.size))


def lock(pool_id: UUID) -> Pool:
    """The pool, held until the transaction ends."""
    rows = Pool.objects.filter(pk=pool_id)
    if connection.vendor == "postgresql":
        rows = rows.select_for_update()
    return rows.get()


def reserved(pool: Pool) -> BitMap:
    """Numbers of the serials that nothing has happened to."""
    moved = to_set(pool.printed) | to_set(pool.commissioned) | to_set(pool.destroyed)
    return whole(pool) - moved


def keep(pool: Pool, kind: MoveKind, units: BitMap, change: Change) -> None:
    """Write the sets of the pool, with their counts, and the move that changed them."""
    names = ("printed", "commissioned", "destroyed")
    for name in names:
        setattr(pool, f"{name}_count", len(to_set(getattr(pool, name))))
    pool.save(update_fields=[*names, *(f"{name}_count" for name in names)])
    write_move(pool, kind, units, change)


def write_move(pool: Pool, kind: MoveKind, units: BitMap, change: Change) -> None:
    """Note a move; nobody can change the note."""
    PoolMove.objects.create(
        pool=pool,
        kind=kind,
        at=change.at,
        by=str(change.user.get_full_name() or change.user)[:150] if change.user else "",
        count=len(units),
        units=to_bytes(units),
        reason=change.reason,
        ref=change.ref,
    )


def verify_open(pool: Pool) -> None:
    """Check that serials of the pool may move.

    Raises:
        LedgerConflict: `pool_not_open`.
    """
    if pool.state != PoolState.OPEN:
        raise LedgerConflict(
            "pool_not_open", field="pool", got=pool.state, wanted="an open pool"
        )


def verify_units(pool: Pool, units: BitMap) -> None:
    """Check that `units` are numbers of an open pool, at least one.

    Raises:
        LedgerConflict: `pool_not_open`.
        MalformedInput: `nothing_named`, `out_of_range`.
    """
    verify_open(pool)
    if not units:
        raise MalformedInput(
            "nothing_named", field="numbers", got="nothing", wanted="a serial or more"
        )
    if units.max() >= pool.size:
        raise MalformedInput(
            "out_of_range",
            field="numbers",
            got=units.max() + 1,
            wanted=f"1 to {pool.size}",
        )


def verify_among(pool: Pool, units: BitMap, allowed: BitMap, wanted: str) -> None:
    """Check that all of `units` are in `allowed`, the serials that are `wanted`.

    Raises:
        LedgerConflict: `serial_moved`.
    """
    wrong = units - allowed
    if wrong:
        number = wrong.min()
        raise LedgerConflict(
            "serial_moved",
            field="numbers",
            got=f"{len(wrong)} of other state; number {number + 1} is"
            f" {state_of(pool, number)}",
            wanted=f"serials that are {wanted}",
        )


def state_of(pool: Pool, number: int) -> str:
    """The state of one serial, by its number from 0."""
    for name in ("printed", "commissioned", "destroyed"):
        if number in to_set(getattr(pool, name)):
            return name
    return "reserved"


def verify_unclaimed(pool: Pool, units: BitMap) -> None:
    """Check that none of `units` waits for a signature.

    Raises:
        LedgerConflict: `serial_waits`.
    """
    waiting = units & claimed(pool=pool)
    if waiting:
        raise LedgerConflict(
            "serial_waits",
            field="numbers",
            got=f"{len(waiting)} in an upload, number {waiting.min() + 1} the first",
            wanted="serials of no upload that waits for its signature: cancel it first",
        )
