"""Reserving a pool, and keeping the serials that were made for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from apps.catalog.models import Product
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.partners.queries import Actor
from apps.pools.formats import CHUNK, MOST, verify_length
from apps.pools.models import MoveKind, Pool, PoolChunk, PoolState
from apps.pools.operations.rows import Change, whole, write_move
from apps.pools.queries import count_units


@dataclass(frozen=True, slots=True)
class PoolWish:
    """What somebody wants to reserve; `lot` "" and `expiry_date` None come later."""

    product: Product
    size: int
    length: int
    lot: str = ""
    expiry_date: date | None = None


def reserve_pool(*, wish: PoolWish, actor: Actor, at: datetime) -> Pool:
    """Write a pool whose serials are still to be made; the caller orders that.

    Raises:
        MalformedInput: `out_of_range`, `guessable`.
        UntrustedSignature: `no_organisation`.
    """
    if actor.partner is None or actor.user is None:
        raise UntrustedSignature(
            "no_organisation", field="by", wanted="a person of a partner"
        )
    if not 1 <= wish.size <= MOST:
        raise MalformedInput(
            "out_of_range", field="size", got=wish.size, wanted=f"1 to {MOST}"
        )
    known = count_units(wish.product) + wish.size
    verify_length(length=wish.length, known_units=known)
    pool = Pool.objects.create(
        product=wish.product,
        partner=actor.partner,
        user=actor.user,
        size=wish.size,
        length=wish.length,
        known_units=known,
        lot=wish.lot,
        expiry_date=wish.expiry_date,
        created_at=at,
    )
    write_move(pool, MoveKind.RESERVED, whole(pool), Change(actor.user, at))
    return pool


def keep_serials(*, pool_id: UUID, serials: Sequence[str]) -> None:
    """Write a pool's serials, by number, and open it; once only.

    The caller has found that nobody else has any of them, in the same transaction.

    Raises:
        LedgerConflict: `pool_made`: another run was faster, or the pool was given up.
    """
    changed = Pool.objects.filter(
        pk=pool_id, state=PoolState.GENERATING, size=len(serials)
    ).update(state=PoolState.OPEN)
    if not changed:
        raise LedgerConflict("pool_made", field="pool", wanted="a pool to be made")
    PoolChunk.objects.bulk_create(
        (
            PoolChunk(
                pool_id=pool_id,
                chunk_no=start // CHUNK,
                serials="\n".join(serials[start : start + CHUNK]),
            )
            for start in range(0, len(serials), CHUNK)
        ),
        batch_size=200,
    )


def fail_pool(*, pool_id: UUID) -> int:
    """Give up a pool whose serials could not be made; 0 if it has some."""
    rows = Pool.objects.filter(pk=pool_id, state=PoolState.GENERATING)
    return rows.update(state=PoolState.FAILED)
