"""The only writers of pools: every move of a serial is judged under its pool's lock."""

from apps.pools.operations.moves import (
    close_pool,
    destroy_serials,
    first_reserved,
    name_lot,
    print_serials,
)
from apps.pools.operations.reserve import (
    PoolWish,
    fail_pool,
    keep_serials,
    reserve_pool,
)
from apps.pools.operations.rows import Change, state_of
from apps.pools.operations.signing import claim, commission_claimed, release_claims

__all__ = [
    "Change",
    "PoolWish",
    "claim",
    "close_pool",
    "commission_claimed",
    "destroy_serials",
    "fail_pool",
    "first_reserved",
    "keep_serials",
    "name_lot",
    "print_serials",
    "release_claims",
    "reserve_pool",
    "state_of",
]
