"""Pools, read: their counts, their serials, and whose a serial is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import F, QuerySet, Sum
from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.catalog.models import Product
from apps.core.errors import MalformedInput
from apps.partners.queries import Actor
from apps.pools.formats import (
    ALPHABET,
    CHUNK,
    DEFAULT_LENGTH,
    LONGEST,
    MOST,
    odds_of,
    to_set,
)
from apps.pools.models import Pool, PoolChunk, PoolClaim, PoolMove, PoolState

__all__ = [
    "ALPHABET",
    "DEFAULT_LENGTH",
    "HOLDING",
    "LONGEST",
    "MOST",
    "Met",
    "claimed",
    "count_units",
    "find_any",
    "find_generating",
    "find_numbers",
    "find_pool",
    "iter_chosen",
    "iter_holding",
    "iter_serials",
    "list_generating",
    "list_moves",
    "meet_pools",
    "odds_of",
    "visible_to",
]

_ROWS: Final = 50  # of 1,024 serials each, in memory at once
HOLDING: Final = (PoolState.OPEN, PoolState.CLOSED)


def visible_to(actor: Actor) -> QuerySet[Pool]:
    """Pools of the actor's organisation: unused serials are its secret."""
    if actor.partner is None:
        return Pool.objects.none()
    pools = Pool.objects.filter(partner=actor.partner)
    return pools.select_related("product", "user")


def find_pool(*, pool_id: UUID, actor: Actor) -> Pool | None:
    """The actor's pool, or None."""
    return visible_to(actor).filter(pk=pool_id).first()


def list_generating() -> list[Pool]:
    """Pools whose serials are still to be made."""
    return list(Pool.objects.filter(state=PoolState.GENERATING))


def find_generating(pool_id: UUID) -> Pool | None:
    """A pool whose serials are still to be made, with its product, or None."""
    rows = Pool.objects.select_related("product")
    return rows.filter(pk=pool_id, state=PoolState.GENERATING).first()


def list_moves(*, pool: Pool, limit: int) -> list[PoolMove]:
    """What was done with the pool, the newest first."""
    return list(pool.moves.order_by("-pk").defer("units")[:limit])


def count_units(product: Product) -> int:
    """Serials of the product that are valid: commissioned, or in a pool and not yet."""
    pools = (
        Pool.objects.filter(product=product)
        .exclude(state=PoolState.FAILED)
        .aggregate(n=Sum(F("size") - F("commissioned_count")))["n"]
    )
    return catalog.count_units(product_id=product.pk) + (pools or 0)


def iter_serials(*, pool_id: UUID) -> Iterator[str]:
    """All serials of a pool by number, some rows at a time in memory."""
    rows = PoolChunk.objects.filter(pool_id=pool_id).order_by("chunk_no")
    texts = rows.values_list("serials", flat=True)
    for text in texts.iterator(chunk_size=_ROWS):
        yield from text.split("\n")


def iter_chosen(*, pool_id: UUID, units: BitMap) -> Iterator[tuple[int, str]]:
    """Number and serial of `units`, ascending."""
    if not units:
        return
    rows = PoolChunk.objects.filter(
        pool_id=pool_id,
        chunk_no__gte=units.min() // CHUNK,
        chunk_no__lte=units.max() // CHUNK,
    ).order_by("chunk_no")
    for row in rows.iterator(chunk_size=_ROWS):
        start = row.chunk_no * CHUNK
        here = units & BitMap(range(start, start + CHUNK))
        if here:
            serials = row.serials.split("\n")
            for number in here:
                yield number, serials[number - start]


def find_numbers(*, pool: Pool, serials: Collection[str]) -> BitMap:
    """The numbers of serials of this pool.

    Raises:
        MalformedInput: `not_of_pool`: one of them is no serial of it.
    """
    wanted = set(serials)
    found = BitMap()
    for number, serial in enumerate(iter_serials(pool_id=pool.pk)):
        if serial in wanted:
            found.add(number)
            wanted.discard(serial)
            if not wanted:
                break
    if wanted:
        raise MalformedInput(
            "not_of_pool",
            field="serials",
            got=min(wanted),
            wanted="serials of this pool",
        )
    return found


def claimed(*, pool: Pool) -> BitMap:
    """Numbers that wait, staged, for a signature."""
    units = BitMap()
    for claim in PoolClaim.objects.filter(pool=pool):
        units |= to_set(claim.units)
    return units


@dataclass(frozen=True, slots=True)
class Met:
    """Serials of one pool that a file names: by number, and those that it may not.

    `refused` says of each serial why: the state in which the pool has it.
    """

    pool: Pool
    units: BitMap
    refused: Mapping[str, str]


def meet_pools(*, product: Product, lot: str, serials: Collection[str]) -> list[Met]:
    """What the product's pools say of the serials of a file for `lot`.

    A serial of a pool is commissioned as one of that pool: printed, not destroyed, for
    the pool's own lot, and waiting in no other file.
    """
    pools = list(Pool.objects.filter(product=product, state__in=HOLDING))
    if not pools:
        return []  # most products have none, and most files a million serials
    asked = serials if isinstance(serials, Mapping) else frozenset(serials)
    lengths = {len(serial) for serial in asked}
    met = [_meet(pool, lot, asked) for pool in pools if pool.length in lengths]
    return [each for each in met if each.units or each.refused]


def _meet(pool: Pool, lot: str, serials: Collection[str]) -> Met:
    printed, destroyed = to_set(pool.printed), to_set(pool.destroyed)
    commissioned, waiting = to_set(pool.commissioned), claimed(pool=pool)
    units, refused = BitMap(), {}
    for number, serial in enumerate(iter_serials(pool_id=pool.pk)):
        if serial not in serials:
            continue
        units.add(number)
        if number in destroyed:
            refused[serial] = "destroyed"
        elif number in commissioned:
            refused[serial] = "commissioned"
        elif number not in printed:
            refused[serial] = "reserved"
        elif pool.lot not in {"", lot}:
            refused[serial] = f"of lot {pool.lot}"
        elif number in waiting:
            refused[serial] = "waiting in another upload"
    return Met(pool, units, refused)


def find_any(*, product: Product, serials: Collection[str]) -> set[str]:
    """Those of `serials` that stand in a pool of the product, in whatever state."""
    pools = Pool.objects.filter(product=product, state__in=HOLDING)
    lengths = {len(serial) for serial in serials}
    return {
        serial
        for pool in pools
        if pool.length in lengths
        for serial in iter_serials(pool_id=pool.pk)
        if serial in serials
    }


def iter_holding() -> Iterator[Pool]:
    """Every pool that has serials, oldest first."""
    rows = Pool.objects.filter(state__in=HOLDING).select_related("product")
    yield from rows.order_by("created_at", "pk").iterator()
