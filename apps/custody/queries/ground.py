"""The ground that some events are judged on: locked in one order, then read at once.

Two questions, since what is read must be read after the locks: whoever changed a flag
of these units, or what a container holds, held one of them. Locks are taken in one
order everywhere: batches, then holdings by batch, holder, site and status, then
containers and despatches (DESIGN section 7). SQLite's IMMEDIATE transaction is the
lock there, and the first question is left out. So it is for a draft, which promises
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from django.db import connection

from apps.core.bodies import Genesis
from apps.core.custody import Place
from apps.core.epcis import PackEpc
from apps.custody.models import Event
from apps.custody.queries import earlier
from apps.custody.queries.ground_rows import (
    LEANINGS,
    ROWS,
    add_rows,
    moved_meanwhile,
    parties_of,
)
from apps.custody.queries.load import Loaded, regulators_of
from apps.custody.queries.touching import Found
from apps.custody.queries.trees import tree_sql
from apps.custody.references import hex_sql
from apps.edge.lists import among, among_any, numbers, texts

_LOCK: Final = """
WITH b AS MATERIALIZED (
  SELECT id FROM catalog_batch WHERE id {batches}
  ORDER BY id {strength}),
h AS MATERIALIZED (
  SELECT id FROM custody_holding
  WHERE batch_id {batches} AND holder {holders}
    AND (SELECT count(*) FROM b) >= 0
  ORDER BY batch_id, holder, site, status FOR UPDATE),
c AS MATERIALIZED (
  SELECT id FROM custody_container WHERE id {boxes}
    AND (SELECT count(*) FROM h) >= 0 ORDER BY id FOR UPDATE),
d AS MATERIALIZED (
  SELECT event_id FROM custody_shipment WHERE event_id {despatches}
    AND (SELECT count(*) FROM c) >= 0 ORDER BY event_id FOR UPDATE)
SELECT id FROM h WHERE (SELECT count(*) FROM d) >= 0
"""
_SHARED: Final = "FOR KEY SHARE"  # against those who change a batch
_EXCLUSIVE: Final = "FOR UPDATE"  # events of others, who read holds, wait
_LOOSE: Final = {
    "postgresql": "SELECT * FROM unnest(%(owners)s::bigint[], %(ordinals)s::bigint[])",
    "sqlite": "SELECT o.value, n.value FROM json_each(%(owners)s) o"
    " JOIN json_each(%(ordinals)s) n ON n.key = o.key",
}
_EXPIRY: Final = {
    "postgresql": "to_char(b.expiry_date, 'YYYY-MM-DD')",
    # Bare, a column of dates would have every text below it read as one.
    "sqlite": "CAST(b.expiry_date AS text)",
}
_NO_SET: Final = {
    "postgresql": "CAST(NULL AS bytea)",
    "sqlite": "CAST(NULL AS blob)",
}


@dataclass(slots=True)
class Ground:
    """The state for the law, and which row stands behind which name.

    Args:
        holdings: rows by batch row and place, those of nothing too.
        boxes: container rows by EPC.
        despatches: rows by reference.
        despatch_lines: rows by reference and batch tag.
    """

    loaded: Loaded = field(default_factory=Loaded)
    holdings: dict[tuple[int, Place], int] = field(default_factory=dict)
    boxes: dict[str, int] = field(default_factory=dict)
    despatches: dict[str, int] = field(default_factory=dict)
    despatch_lines: dict[tuple[str, str], int] = field(default_factory=dict)


def lock_and_read(found: Found, *, by: str, genesis: Genesis) -> Ground:
    """The ground of events of one party, held until the transaction ends.

    Raises:
        LedgerConflict: `containers_moved`: it changed between looking and locking.
    """
    locked = _lock(found, by)
    ground = read(found, by=by, genesis=genesis)
    if locked is not None and not locked.issuperset(ground.holdings.values()):
        raise moved_meanwhile()
    return ground


def read(found: Found, *, by: str, genesis: Genesis) -> Ground:
    """The ground as it is now; anybody may change it.

    Raises:
        LedgerConflict: `containers_moved`: it is not as it was when it was looked for.
    """
    ground, taken_back = _read(found, by), found.names.taken_back
    if set(ground.boxes.values()) != found.box_ids:
        raise moved_meanwhile()
    state, tags = ground.loaded.state, ground.loaded.tags
    state.regulators = regulators_of(genesis)
    state.watched = frozenset(taken_back)
    if taken_back:
        events = Event.objects.filter(ref__in=taken_back)
        state.events = earlier.records(events, tags)
        state.later = earlier.later(events, found.batch_ids, tags)
    return ground


def _lock(found: Found, by: str) -> set[int] | None:
    """The holdings that are locked now; None where no rows are."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            _locking(_EXCLUSIVE if found.names.is_changing else _SHARED),
            {
                "batches": numbers(sorted(found.batch_ids)),
                "holders": texts(sorted({by, *found.senders})),
                "boxes": numbers(sorted(found.box_ids)),
                "despatches": numbers(sorted(found.despatch_ids)),
            },
        )
        return {row for (row,) in cursor.fetchall()}


@cache
def _locking(strength: str) -> str:
    return _LOCK.format(
        strength=strength,
        batches=among_any("batches", "bigint"),
        holders=among_any("holders"),
        boxes=among_any("boxes", "bigint"),
        despatches=among_any("despatches", "bigint"),
    )


def _read(found: Found, by: str) -> Ground:
    leans = bool(found.despatch_ids or found.names.parents)
    ground, glns = Ground(), {by, *found.names.addressees} - {""}
    arguments = _arguments(found, holders={by, *found.senders}, glns=glns)
    with connection.cursor() as cursor:
        cursor.execute(_rows(connection.vendor, leans=leans), arguments)
        rows = cursor.fetchall()
    ground.loaded.state.parties = parties_of(glns, rows)
    add_rows(ground, rows)
    return ground


@cache
def _rows(vendor: str, *, leans: bool) -> str:
    among_despatches = among("despatches", "bigint")
    leanings = LEANINGS.format(
        parents=among("parents"), despatch=hex_sql("e.ref"), despatches=among_despatches
    )
    return ROWS.format(
        loose=_LOOSE[vendor],
        tree=tree_sql(vendor),
        expiry=_EXPIRY[vendor],
        no_set=_NO_SET[vendor],
        batches=among("batches", "bigint"),
        boxes=among("boxes"),
        leanings=leanings if leans else "",
        glns=among("glns"),
        holders=among("holders"),
    )


def _arguments(
    found: Found, *, holders: Iterable[str], glns: Iterable[str]
) -> dict[str, Any]:
    names = found.names
    cases = {PackEpc(*pack).uri for pack in names.packs - found.positions.keys()}
    loose = sorted(set(found.positions.values()))
    return {
        "owners": numbers(batch_id for batch_id, _ in loose),
        "ordinals": numbers(ordinal for _, ordinal in loose),
        "batches": numbers(sorted(found.batch_ids)),
        "boxes": texts(sorted(cases | names.boxes)),
        "parents": texts(sorted(names.parents)),
        "despatches": numbers(sorted(found.despatch_ids)),
        "glns": texts(sorted(glns)),
        "holders": texts(sorted(holders)),
    }
