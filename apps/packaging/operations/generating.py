"""Serials for a pool, made in a job: random, new to the product, all or none.

1. Take the lease of the job; a second worker leaves.
2. Draw serials from the system's cryptographic source, each once.
3. With the product locked, leave out those that anybody has: the ledger, a file that
   waits for its signature, another pool; draw others for them; keep all.
A run that lost its lease fails at its next progress and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.catalog import operations as catalog
from apps.core.errors import LedgerConflict
from apps.custody.queries.containers import case_serials
from apps.custody.queries.registry import find_taken, iter_staged
from apps.jobs import operations as jobs
from apps.jobs import queries as job_queries
from apps.jobs.operations import Claim
from apps.jobs.queries import JobView
from apps.packaging.operations.restarting import is_dead, is_lost
from apps.partners.queries import Actor
from apps.pools import operations as pools
from apps.pools.formats import draw_serials
from apps.pools.models import Pool
from apps.pools.operations import PoolWish
from apps.pools.queries import find_any, find_generating, list_generating

Clock = Callable[[], datetime]
JOB_KIND: Final = "packaging.generate"
TASK: Final = "packaging.generate_pool"
_STEP: Final = 50_000  # serials between two looks at the lease


def order_pool(*, wish: PoolWish, actor: Actor, at: datetime) -> Pool:
    """Reserve a pool and order its serials.

    Raises:
        MalformedInput: as `reserve_pool`.
    """
    with transaction.atomic():
        # Two pools of a product count each other's serials.
        catalog.lock_product(gtin=wish.product.gtin)
        pool = pools.reserve_pool(wish=wish, actor=actor, at=at)
        pool.job_id = jobs.open_job(
            kind=JOB_KIND, subject=str(pool.pk), total=pool.size, at=at
        )
        pool.save(update_fields=["job_id"])
        _enqueue(pool, at)
    return pool


def _enqueue(pool: Pool, at: datetime) -> None:
    jobs.enqueue(task=TASK, kwargs={"pool_id": str(pool.pk)}, at=at)


def generate_pool(*, pool_id: UUID, clock: Clock) -> dict[str, int]:
    """Make the serials of a pool; one that is made, and a lease held, are no errors."""
    pool = find_generating(pool_id)
    if pool is None or pool.job_id is None:
        return {"skipped": 1}
    claim = jobs.claim(job_id=pool.job_id, at=clock())
    if claim is None:
        return {"skipped": 1}
    try:
        made = _draw(pool, claim, clock)
        with transaction.atomic():
            serials = _only_new(pool, made)
            pools.keep_serials(pool_id=pool.pk, serials=serials)
            jobs.finish(claim=claim, result={"serials": len(serials)}, at=clock())
    except LedgerConflict as conflict:
        if conflict.code != "lease_lost":
            raise
        return {"stopped": 1}
    return {"serials": len(serials)}


def sweep_pools(*, at: datetime) -> dict[str, int]:
    """Give up pools whose job has ended without making them; start lost ones again."""
    failed = restarted = 0
    for pool in list_generating():
        if is_dead(pool.job_id):
            failed += pools.fail_pool(pool_id=pool.pk)
        elif is_lost(pool.job_id, at=at):
            with transaction.atomic():
                _enqueue(pool, at)
            restarted += 1
    return {"pools_failed": failed, "pools_again": restarted}


def job_of(pool: Pool) -> JobView | None:
    """How far the making of a pool is."""
    return job_queries.find_job(pool.job_id) if pool.job_id else None


def _draw(pool: Pool, claim: Claim, clock: Clock) -> dict[str, None]:
    """`pool.size` random serials, in the order drawn, each once."""
    made: dict[str, None] = {}
    drawn = draw_serials(length=pool.length)
    while len(made) < pool.size:
        made.update(dict.fromkeys(islice(drawn, min(_STEP, pool.size - len(made)))))
        jobs.progress(
            claim=claim, done=len(made), total=pool.size, message="", at=clock()
        )
    return made


def _only_new(pool: Pool, made: dict[str, None]) -> list[str]:
    """The same serials, those that somebody has replaced by others."""
    product = pool.product
    catalog.lock_product(gtin=product.gtin)
    drawn = draw_serials(length=pool.length)
    fresh = dict(made)
    while fresh:
        taken = set(find_taken(product_id=product.pk, serials=list(fresh)))
        taken |= {each for each in iter_staged(product_id=product.pk) if each in fresh}
        taken |= find_any(product=product, serials=fresh)
        taken |= case_serials(gtin=product.gtin) & fresh.keys()
        for serial in taken:
            del made[serial]
        fresh = {}
        while len(made) < pool.size:
            serial = next(drawn)
            if serial not in made and serial not in taken:
                made[serial] = fresh[serial] = None
    return list(made)
