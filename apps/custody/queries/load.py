"""The part of custody's state that one event touches, locked and read.

Locks are taken in one order everywhere: parties, batches, then holdings by batch,
holder, site and status (DESIGN section 7). SQLite's IMMEDIATE transaction is the
lock there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet
from pyroaring import BitMap

from apps.core.bodies import Genesis
from apps.core.custody import Batch, HoldKey, Place, State
from apps.core.errors import LedgerConflict
from apps.custody.formats import read_vector, rows_at, to_set, whole, within
from apps.custody.models import (
    BatchHold,
    Event,
    ForwardChunk,
    Holding,
    RecallScope,
)
from apps.custody.queries import earlier
from apps.custody.queries.containers import (
    Trees,
    innermost_of,
    load_trees,
    lock_containers,
)
from apps.partners import queries as partners

_SHARED = "FOR KEY SHARE OF b"
_EXCLUSIVE = "FOR UPDATE OF b"


@dataclass(frozen=True, slots=True)
class Touched:
    """What an event names, by rows.

    Args:
        loose: units named one by one, by batch row.
        container_ids: containers named, the parent of an aggregation included.
        is_locking: False for a draft, which reads outside a transaction.
        grows: batches that are commissioned further.
        changes_holds: it sets or lifts holds; events of others on the same batches,
            who read holds and lock other holdings, wait for it.
    """

    by: str
    destination: str
    loose: Mapping[int, BitMap]
    container_ids: frozenset[int]
    parents: tuple[str, ...]
    is_error: bool
    is_locking: bool = True
    grows: frozenset[int] = frozenset()
    changes_holds: bool = False


@dataclass(slots=True)
class Loaded:
    """The state for the law, and which row stands behind which tag."""

    state: State[BitMap] = field(default_factory=State)
    batch_ids: dict[str, int] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)


def load(touched: Touched) -> Loaded:
    """Lock and read everything that judging the event needs.

    Raises:
        LedgerConflict: `containers_moved`: their content changed while locking.
    """
    loaded = Loaded()
    _load_parties(loaded, touched)
    trees = load_trees(container_ids=_containers_touched(touched))
    named = set(touched.loose) | trees.batch_ids | touched.grows
    shipments = earlier.shipments_named(touched.parents)
    shipments += earlier.sales_from(
        seller=touched.destination, buyer=touched.by, batch_ids=named
    )
    named |= earlier.batch_ids_of(shipments)
    is_locking = touched.is_locking and connection.vendor == "postgresql"
    lock = _EXCLUSIVE if touched.grows or touched.changes_holds else _SHARED
    load_batches(loaded, named, lock=lock if is_locking else "")
    holders = {touched.by, *(shipment.sender for shipment in shipments)}
    _load_holdings(loaded, _holdings(named, holders, is_locking=is_locking))
    # Only now: whoever changed a flag of these units held one of the two locks.
    load_flags(loaded)
    if is_locking:
        trees = _reread(touched, trees, named)
        shipments = earlier.reread(shipments)
    loaded.state.containers = trees.containers(loaded.tags)
    loaded.state.shipments = earlier.shipments(shipments, loaded.tags)
    if touched.is_error:
        events = Event.objects.filter(ref__in=touched.parents)
        loaded.state.events = earlier.records(events, loaded.tags)
        loaded.state.later = earlier.later(events, named, loaded.tags)
    loaded.state.recalls = earlier.recalls(
        touched.parents, loaded.tags, loaded.state.batches
    )
    return loaded


def _load_parties(loaded: Loaded, touched: Touched) -> None:
    loaded.state.regulators = regulators_of(partners.get_genesis())
    glns = {touched.by, touched.destination} - {""}
    loaded.state.parties = partners.law_parties(glns)


def regulators_of(genesis: Genesis) -> frozenset[str]:
    """The parties that the law knows as regulators.

    A brand authority admits and licenses partners; of goods it has no more to say
    than anybody else.
    """
    return frozenset(
        each.gln for each in genesis.authorities if each.role == "regulator"
    )


def _reread(touched: Touched, before: Trees, named: set[int]) -> Trees:
    """What the containers hold, now that nobody else can change it."""
    lock_containers(before.rows)
    trees = load_trees(container_ids=_containers_touched(touched))
    if set(trees.rows) != set(before.rows) or not trees.batch_ids <= named:
        raise LedgerConflict("containers_moved", wanted="the event read anew")
    return trees


def load_batches(loaded: Loaded, batch_ids: Iterable[int], *, lock: str = "") -> None:
    """Read what is known of batches: product, lot, size, expiry date.

    Args:
        lock: shared against those who change a batch (recall, commissioning), who
            lock it exclusively; "" reads without a lock.
    """
    keys = sorted(batch_ids)
    for row_id, tag, size, lot, expiry, gtin, owner in _batch_rows(keys, lock):
        name = bytes(tag).hex()
        loaded.batch_ids[name] = row_id
        loaded.tags[row_id] = name
        loaded.state.batches[name] = Batch(
            name, gtin, lot, expiry, owner, size, {}, BitMap()
        )


def load_flags(loaded: Loaded) -> None:
    """Read which units of the loaded batches are recalled, and which are on hold."""
    keys = list(loaded.tags)
    for scope in RecallScope.objects.filter(batch_id__in=keys):
        batch = loaded.state.batches[loaded.tags[scope.batch_id]]
        batch.recalled |= whole(batch.size) if scope.is_whole else to_set(scope.units)
    for hold in BatchHold.objects.filter(batch_id__in=keys):
        units = to_set(hold.units)
        if units:
            key = HoldKey(hold.owner, hold.reason)
            loaded.state.batches[loaded.tags[hold.batch_id]].held[key] = units


def _batch_rows(
    batch_ids: list[int], lock: str
) -> list[tuple[int, bytes, int, str, date, str, str]]:
    if not batch_ids:
        return []
    marks = ",".join(["%s"] * len(batch_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, b.tag, b.size, b.lot, b.expiry_date, p.gtin, t.gln"  # noqa: S608 - marks and a lock word
            " FROM catalog_batch b JOIN catalog_product p ON p.id = b.product_id"
            " JOIN partners_tradingpartner t ON t.id = p.brand_owner_id"
            f" WHERE b.id IN ({marks}) ORDER BY b.id {lock}",
            batch_ids,
        )
        rows: list[tuple[int, bytes, int, str, date, str, str]] = cursor.fetchall()
    return rows


def _holdings(
    batch_ids: set[int], holders: set[str], *, is_locking: bool
) -> QuerySet[Holding]:
    rows = Holding.objects.filter(batch_id__in=batch_ids, holder__in=holders)
    rows = rows.order_by("batch_id", "holder", "site", "status")
    return rows.select_for_update() if is_locking else rows


def _load_holdings(loaded: Loaded, rows: Iterable[Holding]) -> None:
    for row in rows:
        _add_holding(loaded, row)


def _add_holding(loaded: Loaded, row: Holding) -> None:
    if row.count:
        holdings = loaded.state.batches[loaded.tags[row.batch_id]].holdings
        holdings[Place(row.holder, row.site, row.status)] = to_set(row.units)


def _containers_touched(touched: Touched) -> set[int]:
    found = set(touched.container_ids)
    for batch_id, units in touched.loose.items():
        found |= innermost_of(batch_id=batch_id, units=units)
    return found


def explain_missing(loaded: Loaded, units: Mapping[str, BitMap]) -> None:
    """Read where a unit is that no loaded holding has, so that a refusal can say it."""
    for tag, wanted in units.items():
        missing = wanted.copy()
        for there in loaded.state.batches[tag].holdings.values():
            missing -= there
        if missing:
            at = holdings_at(batch_id=loaded.batch_ids[tag], ordinal=missing.min())
            _load_holdings(loaded, at)


def holdings_at(*, batch_id: int, ordinal: int) -> QuerySet[Holding]:
    """The holding in which one unit is now: one row, or none."""
    number = ordinal // 1_024
    stored = (
        ForwardChunk.objects.filter(batch_id=batch_id, chunk_no=number)
        .values_list("holdings", flat=True)
        .first()
    )
    if stored is None:
        return Holding.objects.none()
    rows = rows_at(read_vector(stored), within(BitMap([ordinal]), number))
    return Holding.objects.filter(Q(pk__in=rows), batch_id=batch_id)
