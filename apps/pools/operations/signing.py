"""Serials of pools on their way to a signature: claimed, then commissioned or let go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.pools.formats import to_bytes, to_set
from apps.pools.models import MoveKind, PoolClaim
from apps.pools.operations.rows import (
    Change,
    keep,
    lock,
    verify_among,
    verify_unclaimed,
)
from apps.pools.queries import Met


def claim(*, staging_id: UUID, met: Iterable[Met]) -> None:
    """Note which numbers staged serials have; none of them may be refused.

    Raises:
        LedgerConflict: `serial_moved`, `serial_waits`: since the file was read.
    """
    for each in sorted(met, key=lambda one: one.pool.pk):
        pool = lock(each.pool.pk)
        verify_among(pool, each.units, to_set(pool.printed), "printed")
        verify_unclaimed(pool, each.units)
        PoolClaim.objects.create(
            staging_id=staging_id, pool=pool, units=to_bytes(each.units)
        )


def release_claims(*, staging_id: UUID) -> None:
    """Staged serials are forgotten: their numbers are printed as before."""
    PoolClaim.objects.filter(staging_id=staging_id).delete()


def commission_claimed(*, staging_id: UUID, statement_id: str, at: datetime) -> None:
    """The maker signed: the staged numbers of its pools are commissioned.

    Raises:
        LedgerConflict: `serial_moved`: one of them is not printed any more.
    """
    claims = PoolClaim.objects.filter(staging_id=staging_id).order_by("pool_id")
    for row in claims:
        units, pool = to_set(row.units), lock(row.pool_id)
        verify_among(pool, units, to_set(pool.printed), "printed")
        pool.printed = to_bytes(to_set(pool.printed) - units)
        pool.commissioned = to_bytes(to_set(pool.commissioned) | units)
        keep(pool, MoveKind.COMMISSIONED, units, Change(None, at, ref=statement_id))
    claims.delete()
