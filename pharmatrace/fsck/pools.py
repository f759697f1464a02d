"""What serial pools say was commissioned, against what the ledger says.

Reserved, printed and destroyed are the maker's own words: no statement speaks of them.
That a destroyed or unprinted serial is in nobody's batch can be checked, and is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from apps.custody.queries.registry import find_taken
from apps.pools.formats import to_set
from apps.pools.models import Pool
from apps.pools.queries import iter_holding, iter_serials
from pharmatrace.fsck.finding import Finding

_STEP: Final = 50_000


def check_pools() -> Iterator[Finding]:
    """Findings where a pool and the registry disagree; memory is a step of serials."""
    for pool in iter_holding():
        yield from _check(pool)


def _check(pool: Pool) -> Iterator[Finding]:
    where = f"pool {pool.pk} of {pool.product.gtin}"
    said = to_set(pool.commissioned)
    sets = (said, to_set(pool.printed), to_set(pool.destroyed))
    counts = tuple(map(len, sets))
    kept = (pool.commissioned_count, pool.printed_count, pool.destroyed_count)
    if counts != kept or len(sets[0] | sets[1] | sets[2]) != sum(counts):
        yield Finding("pool_counts_differ", where, str(kept), str(counts))
    serials, number, wrong = iter_serials(pool_id=pool.pk), 0, 0
    while part := list(islice(serials, _STEP)):
        taken = set(find_taken(product_id=pool.product_id, serials=part))
        wrong += sum(
            (serial in taken) != (number + place in said)
            for place, serial in enumerate(part)
        )
        number += len(part)
    if number != pool.size:
        yield Finding("pool_serials_missing", where, str(number), str(pool.size))
    if wrong:
        yield Finding("pool_differs", where, f"{wrong} serials", "as the registry")
