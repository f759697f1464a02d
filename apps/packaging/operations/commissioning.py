"""Printed serials of a pool as a file of serials: the one way in that there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from pyroaring import BitMap

from apps.core.errors import LedgerConflict, MalformedInput
from apps.intake import operations as intake
from apps.intake.models import Upload
from apps.intake.queries import UploadWish, verify_wish
from apps.partners.queries import Actor
from apps.pools.formats import to_set
from apps.pools.models import Pool, PoolState
from apps.pools.queries import claimed, iter_chosen

_AT_ONCE = 10_000


def free_printed(*, pool: Pool) -> BitMap:
    """Numbers that are printed and wait in no upload."""
    return to_set(pool.printed) - claimed(pool=pool)


def upload_pool(
    *,
    pool: Pool,
    units: BitMap | None,
    lot: str,
    expiry_date: date,
    site: str,
    actor: Actor,
    at: datetime,
) -> Upload:
    """Send printed serials through the bulk door, as if a line had sent its file.

    Args:
        units: numbers to commission; None for all that are printed and wait nowhere.

    Raises:
        LedgerConflict: `pool_not_open`, `serial_moved`, or as `receive_upload`.
        MalformedInput: `nothing_named`, `other_lot`, or as `verify_wish`.
    """
    if pool.state != PoolState.OPEN:
        raise LedgerConflict(
            "pool_not_open", field="pool", got=pool.state, wanted="an open pool"
        )
    if pool.lot not in {"", lot}:
        raise MalformedInput("other_lot", field="lot", got=lot, wanted=pool.lot)
    chosen = _choose(pool, units)
    wish = UploadWish(
        gtin=pool.product.gtin, lot=lot, expiry_date=expiry_date, site=site
    )
    verify_wish(wish=wish, gln=actor.gln, at=at)
    file = intake.store_file(
        name=f"pool-{pool.pk}.csv", chunks=_csv(pool=pool, units=chosen)
    )
    return intake.receive_upload(wish=wish, file=file, actor=actor, at=at)


def _choose(pool: Pool, units: BitMap | None) -> BitMap:
    free = free_printed(pool=pool)
    chosen = free if units is None else units
    wrong = chosen - free
    if wrong:
        raise LedgerConflict(
            "serial_moved",
            field="numbers",
            got=f"{len(wrong)} of other state, number {wrong.min() + 1} the first",
            wanted="serials that are printed and wait in no upload",
        )
    if not chosen:
        raise MalformedInput(
            "nothing_named",
            field="numbers",
            got="nothing",
            wanted="printed serials: print some first",
        )
    return chosen


def _csv(*, pool: Pool, units: BitMap) -> Iterator[bytes]:
    lines = ["serial"]
    for _number, serial in iter_chosen(pool_id=pool.pk, units=units):
        lines.append(serial)
        if len(lines) >= _AT_ONCE:
            yield "".join(f"{line}\n" for line in lines).encode("ascii")
            lines = []
    if lines:
        yield "".join(f"{line}\n" for line in lines).encode("ascii")
