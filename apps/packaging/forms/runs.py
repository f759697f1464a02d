"""The order of a label run, read the same from the API and from the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pyroaring import BitMap

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.packaging.formats.numbers import read_ranges, read_text
from apps.packaging.forms.pools import read_units
from apps.packaging.models import LabelRun, RunKind
from apps.packaging.operations.runs import order_batch_run, order_pool_run
from apps.partners.queries import Actor
from apps.pools.models import Pool
from apps.pools.operations import first_reserved
from apps.pools.queries import MOST, find_pool

_KINDS: Final = frozenset(RunKind.values)


def submit_run(*, asked: Mapping[str, Any], actor: Actor, at: datetime) -> LabelRun:
    """Order labels: kind, and pool with numbers or count, or gtin and lot.

    Raises:
        MalformedInput: a field; `unknown_pool`, `unknown_batch`, `out_of_range`.
        LedgerConflict: as `order_pool_run`.
    """
    fields = Fields(dict(asked), where="")
    kind = RunKind(fields.word("kind", _KINDS))
    if fields.has("pool"):
        pool = _pool(fields, actor)
        units = _pool_units(fields, pool)
        fields.close()
        return order_pool_run(pool=pool, units=units, kind=kind, actor=actor, at=at)
    batch = _batch(fields, actor)
    units = BitMap(range(batch.size))
    if fields.has("numbers"):
        value = fields.take("numbers")
        units = read_text(value) if isinstance(value, str) else read_ranges(value)
    fields.close()
    return order_batch_run(batch=batch, units=units, kind=kind, actor=actor, at=at)


def _pool(fields: Fields, actor: Actor) -> Pool:
    text = fields.string("pool")
    try:
        pool = find_pool(pool_id=UUID(text), actor=actor)
    except ValueError:
        pool = None
    if pool is None:
        raise MalformedInput(
            "unknown_pool", field="pool", got=text, wanted="a pool of yours"
        )
    return pool


def _pool_units(fields: Fields, pool: Pool) -> BitMap:
    if fields.has("count"):
        count = fields.integer("count", least=1, most=MOST)
        return first_reserved(pool=pool, count=count)
    return read_units(fields, pool)


def _batch(fields: Fields, actor: Actor) -> Batch:
    gtin, lot = fields.gtin("gtin"), fields.lot("lot")
    batch = catalog.find_batch(gtin=gtin, lot=lot)
    if batch is None or batch.product.brand_owner.gln != actor.gln:
        raise MalformedInput(
            "unknown_batch", field="lot", got=lot, wanted="a commissioned lot of yours"
        )
    return batch
