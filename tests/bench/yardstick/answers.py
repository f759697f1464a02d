"""Recalls and histories: flat in the number of packs, and cheap beside plain SQL."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median

from django.db import connection

from apps.catalog.models import Batch
from apps.custody.queries import history, shares
from apps.custody.queries.holders import ever_held_among
from apps.recalls.queries.where import Criteria, Whereabouts, find_where
from pharmatrace.demo.cast import REGULATOR
from tests.bench.network.actors import actors
from tests.bench.network.shape import SHAPES, lot_name, medicine
from tests.bench.world import each_seconds, raw, seconds
from tests.bench.yardstick.few import among_few, few_lots
from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.reading import Goal, NotRun, Reading, Row
from tests.bench.yardstick.trail import row_a_pack

_FLAT = Goal(most=1.2)
_LARGE = 1_000_000  # packs of the one large lot at 10 M
_HISTORIES = 200


def batches(ground: Ground) -> list[Batch]:
    """The lots of the network, in order."""
    names = [lot_name(n) for n in range(len(SHAPES[ground.size].lots))]
    return list(Batch.objects.filter(lot__in=names).order_by("pk"))


def recall_flat(ground: Ground) -> list[Row]:
    """G9: the same answer among all packs and among few; the large lot by its rows."""
    lots = batches(ground)
    few = lots[: _few_lots(ground)]
    ask = _asker(ground, 0)
    among_all: list[float] = []
    among: list[float] = []
    with few_lots([lot.pk for lot in few]):
        with among_few():
            expected = ask()
        assert _picture(ask()) == _picture(expected)
        for _ in range(ground.rounds):
            with among_few():
                among.append(_best(ask))
            among_all.append(_best(ask))
    packs, less = (sum(lot.size for lot in those) for those in (lots, few))
    found: list[Row] = [
        Reading(
            "G9",
            "recall of a lot with contacts, among all packs",
            "ms",
            among_all,
            "the same answer among few packs",
            among,
            _FLAT,
            f"{len(expected.rows):,} holders; {packs:,} and {less:,} packs",
        )
    ]
    return [*found, _large_lot(ground, lots)]


def _large_lot(ground: Ground, lots: Sequence[Batch]) -> Row:
    what = "recall of the 1 M-pack lot, per holder row"
    if lots[-1].size < _LARGE:
        return NotRun("G9", what, "this network has no such lot; at SIZE=10m")
    large, small = _asker(ground, len(lots) - 1), _asker(ground, 0)
    rows, few = len(large().rows), len(small().rows)
    values: list[float] = []
    floors: list[float] = []
    for _ in range(ground.rounds):
        floors.append(_best(small) / few * 1_000)
        values.append(_best(large) / rows * 1_000)
    name = "per holder row of a 100 k-pack lot"
    return Reading("G9", what, "µs", values, name, floors, _FLAT, f"{rows:,} rows")


def recall_cost(ground: Ground) -> list[Row]:
    """G10: beside a plain SELECT of as many rows from one indexed table."""
    ask = _asker(ground, 0)
    rows = len(ask().rows)
    values: list[float] = []
    floors: list[float] = []
    with raw() as link:
        link.execute(
            "CREATE TABLE bench_plain (lot int, holder text, name text, address text,"
            " phone text, status text, n int)"
        )
        for lot in range(20):
            link.execute(
                "INSERT INTO bench_plain SELECT %s, n::text, 'Pharmacy ' || n,"
                " 'Street ' || n, '+49 ' || n, 'active', n"
                " FROM generate_series(1, %s::int) n",
                [lot, rows],
            )
        link.execute("CREATE INDEX ON bench_plain (lot)")
        link.execute("VACUUM ANALYZE bench_plain")

        def plain() -> None:
            found = link.execute("SELECT * FROM bench_plain WHERE lot = 7").fetchall()
            assert len(found) == rows

        for _ in range(ground.rounds):
            floors.append(_best(plain))
            values.append(_best(ask))
        link.execute("DROP TABLE bench_plain")
    what, floor = "recall of a lot with contacts", "SELECT of as many rows, one index"
    note = f"{rows:,} rows"
    return [Reading("G10", what, "ms", values, floor, floors, Goal(most=3), note)]


def ever_via(ground: Ground) -> list[Row]:
    """G11: three lots by way of two partners, where now; beside a row per event."""
    lots = batches(ground)[:10]
    asked = lots[:3]
    those = actors(ground.world.stage, SHAPES[ground.size], "1")
    glns = [each.gln for each in those.wholesalers[:2]]
    keys = [lot.pk for lot in asked]
    values: list[float] = []
    floors: list[float] = []
    with row_a_pack([lot.pk for lot in lots]):
        assert _via_sets(keys, glns) == _via_rows(keys, glns)
        for _ in range(ground.rounds):
            floors.append(seconds(lambda: _via_rows(keys, glns)) * 1_000)
            values.append(seconds(lambda: _via_sets(keys, glns)) * 1_000)
    return [
        Reading(
            "G11",
            "ever by way of 2 partners, where now: 3 lots",
            "ms",
            values,
            "the same by SQL, a row per pack and event",
            floors,
            Goal(most=0.25),
            f"the rows are those of {sum(lot.size for lot in lots):,} packs",
        )
    ]


def _via_sets(
    batch_ids: Sequence[int], glns: Sequence[str]
) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    via = ever_held_among(batch_ids=batch_ids, glns=glns)
    for key, units in via.items():
        for share in shares(batch_id=key, units=units):
            found[share.holder, share.status] += len(share.units)
    return found


def _via_rows(
    batch_ids: Sequence[int], glns: Sequence[str]
) -> Counter[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.holder, p.status, count(*) FROM ("
            "  SELECT DISTINCT batch, ordinal FROM bench_trail"
            "  WHERE batch = ANY(%s) AND holder = ANY(%s)) v"
            " JOIN bench_pack p USING (batch, ordinal) GROUP BY 1, 2",
            [list(batch_ids), list(glns)],
        )
        return Counter({(holder, status): n for holder, status, n in cursor.fetchall()})


def histories(ground: Ground) -> list[Row]:
    """G12: one pack's links beside a point lookup; the large lot beside the others."""
    lots = batches(ground)
    count = ground.few(_HISTORIES, 10)
    values: list[float] = []
    floors: list[float] = []
    ordinals = random.Random(1).sample(range(lots[0].size), count)
    product = lots[0].product_id
    with raw() as link, connection.cursor() as cursor:
        cursor.execute(
            "SELECT serial FROM custody_serialnumber WHERE product_id = %s"
            " AND batch_id = %s LIMIT %s",
            [product, lots[0].pk, count],
        )
        serials = [serial for (serial,) in cursor.fetchall()]

        def lookup(serial: str) -> Callable[[], object]:
            return lambda: link.execute(
                "SELECT batch_id, ordinal FROM custody_serialnumber"
                " WHERE product_id = %s AND serial = %s",
                [product, serial],
                prepare=True,
            ).fetchone()

        for _ in range(ground.rounds):
            floors.append(median(each_seconds(map(lookup, serials))) * 1_000)
            values.append(_history(lots[0], ordinals))
    what, floor = "history of one pack, p50", "one indexed SELECT, psycopg, prepared"
    first = Reading("G12", what, "ms", values, floor, floors, Goal(most=8))
    return [first, _history_of_large(ground, lots, count)]


def _history_of_large(ground: Ground, lots: Sequence[Batch], count: int) -> Row:
    what = "history of a pack of the 1 M-pack lot, p50"
    if lots[-1].size < _LARGE:
        return NotRun("G12", what, "this network has no such lot; at SIZE=10m")
    draw = random.Random(2)
    values: list[float] = []
    floors: list[float] = []
    for _ in range(ground.rounds):
        floors.append(_history(lots[0], draw.sample(range(lots[0].size), count)))
        values.append(_history(lots[-1], draw.sample(range(lots[-1].size), count)))
    name = "of a pack of a 100 k-pack lot"
    return Reading("G12", what, "ms", values, name, floors, Goal(most=1.5))


def _history(lot: Batch, ordinals: Sequence[int]) -> float:
    """The median of one history, in ms."""
    taken = []
    for ordinal in ordinals:
        taken.append(seconds(lambda n=ordinal: history(batch_id=lot.pk, ordinal=n)))
    assert history(batch_id=lot.pk, ordinal=ordinals[0])[0].rule == "commissioning"
    return median(taken) * 1_000


def _few_lots(ground: Ground) -> int:
    """A million packs of ten; else one lot."""
    return 10 if ground.size == "10m" else 1


def _asker(ground: Ground, number: int) -> Callable[[], Whereabouts]:
    criteria = Criteria(gtin=medicine(number).gtin, lot=lot_name(number))
    actor = ground.world.stage.actor(REGULATOR)
    return lambda: find_where(criteria, actor=actor)


def _picture(found: Whereabouts) -> object:
    return found.tally, [(row.holder, row.status, row.count) for row in found.rows]


def _best(ask: Callable[[], object]) -> float:
    """The median of three, in ms."""
    return median(seconds(ask) for _ in range(3)) * 1_000
