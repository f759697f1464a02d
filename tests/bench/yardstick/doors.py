"""Scans and single statements through the door, as the other benches measure them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.catalog.models import Product
from apps.recalls.queries.where import Criteria, find_where
from apps.scan.queries import judge_scan
from pharmatrace.demo.cast import REGULATOR, STELLA
from tests.bench.appending import SMOKE, WHOLE, measure
from tests.bench.figures import serials
from tests.bench.network.shape import lot_name, medicine
from tests.bench.scanning import verdicts
from tests.bench.world import deliver
from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.moves import ship
from tests.bench.yardstick.reading import Goal, NotRun, Reading, Row
from tests.custody.goods import pack


def scans(ground: Ground) -> list[Row]:
    """G6: the view in this process beside its own two questions; G7 and G8 not here."""
    size = ground.few(400, 5)
    names = deliver(ground.world, f"G6{time.time_ns()}"[:20], serials(size), size)
    plain, audited, whole = verdicts(ground.world, names, rounds=ground.rounds)
    apart = "`python -m tests.bench.servers` starts servers for it"
    return [
        Reading.of("G6", plain, Goal(most=3)),
        Reading.of("G6", audited, Goal(most=6)),
        Reading.of("G6", whole),
        NotRun("G7", "scans over HTTP", apart),
        NotRun("G8", "scans while a file is uploaded", apart),
    ]


def appends(ground: Ground) -> list[Row]:
    """G14 and G15: one client and eight, a hot lot, files; beside an append function."""
    size = SMOKE if ground.is_smoke else replace(WHOLE, rounds=ground.rounds)
    one, many, hot, events, bulk = measure(ground.world, size)
    return [
        Reading.of("G14", one, Goal(least=0.15)),
        Reading.of("G14", many, Goal(least=0.15)),
        Reading.of("G14", events, Goal(least=2_000, of="value")),
        Reading.of("G14", bulk),
        NotRun("G14", "beside Fabric", "a foreign peer"),
        Reading.of("G15", hot, Goal(least=0.25)),
        NotRun("G15", "beside Fabric's hot key", "a foreign peer"),
    ]


def counts(ground: Ground) -> list[Row]:
    """G22: statements of SQL that a verdict, a recall and a transfer ask."""
    world, name = ground.world, f"G22{time.time_ns()}"[:20]
    names = deliver(world, name, serials(3), 1)
    actor, at = world.stage.actor(STELLA), world.stage.tick()
    scan = _asked(lambda: judge_scan(code=pack(names[0]), actor=actor, at=at))
    criteria = Criteria(gtin=medicine(0).gtin, lot=lot_name(0))
    who = world.stage.actor(REGULATOR)
    recall = _asked(lambda: find_where(criteria, actor=who))
    envelope = ship(world, [pack(serials_left(name)[0])])
    transfer = _asked(lambda: world.stage.send(envelope))
    return [
        _count("a verdict", scan, 2, "log-in and audit row apart"),
        _count("a recall with contacts", recall, 3, "log-in and audit row apart"),
        _count("a transfer", transfer, 8, "signatures, ledger and receipt included"),
    ]


def serials_left(lot: str) -> list[str]:
    """Serials of a lot that are still at their maker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.serial FROM custody_serialnumber s"
            " JOIN catalog_batch b ON b.id = s.batch_id WHERE b.lot = %s"
            " AND s.ordinal > 0 ORDER BY s.ordinal",
            [lot],
        )
        return [serial for (serial,) in cursor.fetchall()]


def _asked(work: Callable[[], object]) -> int:
    Product.objects.count()  # a connection that is there already
    with CaptureQueriesContext(connection) as found:
        work()
    kept = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return sum(not each["sql"].startswith(kept) for each in found.captured_queries)


def _count(what: str, count: int, most: int, note: str) -> Reading:
    goal = Goal(most=most, of="value")
    return Reading("G22", f"SQL of {what}", "statements", [count], goal=goal, note=note)
