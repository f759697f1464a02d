"""What the tables cost on disk, and how fast they are derived and checked again."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import connection

from apps.custody import operations as custody
from apps.custody.models import Holding
from apps.custody.queries.conservation import check_batch, replay_moves
from tests.bench.world import raw, seconds
from tests.bench.yardstick.answers import batches
from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.reading import Goal, NotRun, Reading, Row

_MOST_EVENTS = 300_000  # replayed whole; beyond it takes an hour
REGISTRY = ("custody_serialnumber", "custody_serialchunk")
CUSTODY = (
    *("custody_holding", "custody_eventline", "custody_event", "custody_eventchunk"),
    *("custody_forwardchunk", "custody_container", "custody_containerline"),
    *("custody_shipment", "custody_shipmentline", "custody_discrepancy"),
    *("custody_batchhold", "custody_commissioning"),
)
LEDGER = ("ledger_statement", "ledger_vault", "ledger_leaf")


def disk(ground: Ground) -> list[Row]:
    """G19: bytes a pack, heap, indexes and what is kept out of line."""
    packs = sum(lot.size for lot in batches(ground))
    found: list[Row] = []
    for what, tables in (("registry", REGISTRY), ("custody", CUSTODY)):
        found += [
            Reading("G19", f"disk: {table}", "B a pack", [size / packs])
            for table, size in _sizes(tables)
        ]
        found.append(
            Reading("G19", f"disk: {what}", "B a pack", [_sum(tables) / packs])
        )
    total = _sum((*REGISTRY, *CUSTODY)) / packs
    goal = Goal(most=200, of="value")
    found.append(
        Reading("G19", "disk: registry and custody", "B a pack", [total], goal=goal)
    )
    envelopes = _sum(LEDGER) / packs
    found.append(
        Reading("G19", "disk: signed statements and leaves", "B a pack", [envelopes])
    )
    return found


def _sizes(tables: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
            yield table, cursor.fetchone()[0]


def _sum(tables: tuple[str, ...]) -> int:
    return sum(size for _, size in _sizes(tables))


def replay(ground: Ground) -> list[Row]:
    """G20: holdings from moves, their conservation, and the whole law once more."""
    lots = batches(ground)[: ground.few(10, 2)]
    moves = sum(replay_moves(batch_id=lot.pk)[0] for lot in lots)
    rows = Holding.objects.filter(batch__in=lots).count()
    rates: list[float] = []
    floors: list[float] = []
    costs: list[float] = []
    with raw() as link:
        for _ in range(ground.rounds):
            question = "SELECT units FROM custody_eventline WHERE batch_id = ANY(%s)"
            keys = [lot.pk for lot in lots]
            floors.append(
                moves
                / seconds(lambda k=keys, q=question: link.execute(q, [k]).fetchall())
            )
            rates.append(
                moves / seconds(lambda: [replay_moves(batch_id=b.pk) for b in lots])
            )
            costs.append(seconds(lambda: [_conserved(b) for b in lots]) / rows * 1e6)
    read = "their rows read, psycopg"
    return [
        Reading(
            *("G20", "holdings replayed from the moves of events", "moves/s"),
            *(rates, read, floors, Goal(least=200_000, of="value")),
            f"{moves:,} moves",
        ),
        Reading(
            *("G20", "conservation checked, the replay included", "µs a holding row"),
            *(costs, "", (), Goal(most=5, of="value")),
            f"{rows:,} rows",
        ),
        _whole_law(ground),
    ]


def _conserved(lot: object) -> None:
    checked = check_batch(batch_id=lot.pk, size=lot.size)
    assert checked.faults == (), checked.faults


def _whole_law(ground: Ground) -> Row:
    what = "manage.py rebuild: statements read, judged, written"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM custody_event")
        (count,) = cursor.fetchone()
    if count > _MOST_EVENTS:
        return NotRun("G20", what, f"{count:,} events take long; at SIZE=1m")
    began, cpu = time.perf_counter(), time.process_time()
    counts = custody.rebuild()
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    note = f"{counts['events']:,} events in {took:.0f} s, {spent:.0f} s of this process"
    return Reading("G20", what, "events/s", [counts["events"] / took], note=note)
