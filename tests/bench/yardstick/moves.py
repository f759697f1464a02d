"""Hand-overs: a pallet beside a pack, and beside a row for every pack."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from apps.exchange import queries as drafts
from pharmatrace.demo.cast import NOVAMED, TRANSPHARM
from pharmatrace.demo.signing import sign_statement
from tests.bench.figures import serials
from tests.bench.network.shape import CASE, PALLET
from tests.bench.wal import Written, written_by
from tests.bench.world import World, raw, seconds
from tests.bench.yardstick.ground import Ground
from tests.bench.yardstick.reading import Goal, Reading, Row
from tests.custody.goods import box, pack, packs, site

_PALLET = CASE * PALLET
_NUMBERS = 900_000_000  # of containers that no lot of the network has


@dataclass(slots=True)
class _Moved:
    """Milliseconds and what was written to the log, round by round."""

    ms: list[float] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)

    def note(self, link: psycopg.Connection, work: Callable[[], object]) -> None:
        said = written_by(link, lambda: self.ms.append(seconds(work) * 1_000))
        self.written.append(said)

    def wal(self, part: str) -> list[float]:
        """Bytes of one part of `Written`."""
        return [getattr(each, part) for each in self.written]


def pallets(ground: Ground) -> list[Row]:
    """G13: a pallet of 1,920 packs, a single pack, and the same as rows, by turns."""
    world = ground.world
    cases = ground.few(PALLET, 2)
    count = cases * CASE
    names, boxes = _goods(world, rounds=ground.rounds + 1, cases=cases)
    pallet, single, rows = (_Moved() for _ in range(3))
    # As between two checkpoints: what every transfer touches was touched before.
    for items in ([boxes.pop()], [pack(names[-1 - ground.rounds])]):
        world.stage.send(ship(world, items))
    with raw() as link, raw() as floor:
        _rows_begun(floor, count * ground.rounds)
        for number in range(ground.rounds):
            one = names[-1 - number]  # loose, behind all pallets
            envelopes = [ship(world, [boxes[number]]), ship(world, [pack(one)])]
            rows.note(link, lambda n=number: _rows_moved(floor, n * count, count))
            pallet.note(link, lambda e=envelopes: world.stage.send(e[0]))
            single.note(link, lambda e=envelopes: world.stage.send(e[1]))
        floor.execute("DROP TABLE bench_rows, bench_moves")
    what = f"pallet of {count:,} packs sent, through the door"
    by_rows = "a row for every pack: UPDATE and INSERT, psycopg"
    return [
        Reading(
            *("G13", what, "ms", pallet.ms, "one pack sent, through the door"),
            *(single.ms, Goal(most=3)),
        ),
        *_wal(pallet, single),
        Reading(
            *("G13", "the pallet as rows", "ms", rows.ms, what, pallet.ms),
            *(Goal(least=10), by_rows),
        ),
        Reading(
            *("G13", "WAL of the pallet as rows", "B", rows.wal("records")),
            *("records of the same, sent", pallet.wal("records"), Goal(least=10)),
            by_rows,
        ),
    ]


def _wal(pallet: _Moved, single: _Moved) -> list[Row]:
    """What the goal means, what else every transfer writes, and the pages apart."""
    custody = "rows of custody and their indexes, no page images"
    door = "those, envelope, receipt and queue of the log, no page images"
    images = "pages changed for the first time since a checkpoint"
    goal = Goal(most=16_384, of="value")
    return [
        Reading(
            *("G13", "WAL of a pallet sent: custody", "B", pallet.wal("custody")),
            *("of one pack sent", single.wal("custody"), goal, custody),
        ),
        Reading(
            *("G13", "WAL of a pallet sent: all records", "B", pallet.wal("records")),
            *("of one pack sent", single.wal("records"), None, door),
        ),
        *(
            Reading("G13", f"WAL of {what} sent: images", "B", values, note=images)
            for what, values in (
                ("a pallet", pallet.wal("images")),
                ("one pack", single.wal("images")),
            )
        ),
    ]


def _goods(world: World, *, rounds: int, cases: int) -> tuple[Sequence[str], list[str]]:
    """A fresh lot: so many pallets, and a loose pack a round; names and pallets."""
    goods, count = world.goods, cases * CASE
    names = serials(rounds * (count + 1))
    goods.commission(lot=f"G13{time.time_ns()}"[:20], names=names)
    draw = _NUMBERS + time.time_ns() // 1_000_000_000 % 1_000_000 * 50
    boxes = []
    for number in range(rounds):
        inside = []
        for case in range(cases):
            first = number * count + case * CASE
            inside.append(goods.fill(draw, names[first : first + CASE]))
            draw += 1
        goods.do(NOVAMED, "new_container", container=box(draw))
        goods.do(NOVAMED, "pack", container=box(draw), items=inside)
        boxes.append(box(draw))
        draw += 1
    return names, boxes


def ship(world: World, items: list[str]) -> bytes:
    """A despatch, drafted and signed: what is measured is the door alone."""
    stage = world.stage
    to = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    wish = {
        "kind": "event",
        "step": "ship",
        "site": site(NOVAMED),
        "items": items,
        "to": to,
    }
    draft = drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())
    return sign_statement(draft.payload, stage.keyring.key_of(NOVAMED))


def _rows_begun(link: psycopg.Connection, count: int) -> None:
    """Pack rows with a holder and an index on it, as design A has them."""
    link.execute(
        "CREATE TABLE bench_rows (batch int, ordinal int, holder text, status text,"
        " PRIMARY KEY (batch, ordinal))"
    )
    link.execute(
        "INSERT INTO bench_rows SELECT 1, n, '9521568000017', 'active'"
        " FROM generate_series(0, %s::int) n",
        [count - 1],
    )
    link.execute("CREATE INDEX ON bench_rows (batch, holder, status)")
    link.execute(
        "CREATE TABLE bench_moves (batch int, ordinal int, event bigserial,"
        " holder text, status text, PRIMARY KEY (batch, ordinal, event))"
    )
    link.execute("VACUUM ANALYZE bench_rows")


def _rows_moved(link: psycopg.Connection, first: int, count: int) -> None:
    with link.transaction():
        link.execute(
            "UPDATE bench_rows SET holder = '9529999000019', status = 'in_transit'"
            " WHERE batch = 1 AND ordinal >= %s AND ordinal < %s",
            [first, first + count],
        )
        link.execute(
            "INSERT INTO bench_moves (batch, ordinal, holder, status)"
            " SELECT 1, n, '9529999000019', 'in_transit' FROM generate_series(%s::int, %s::int) n",
            [first, first + count - 1],
        )


def stream(ground: Ground) -> list[Row]:
    """G14: signed events a second of one `events` statement, through the door."""
    world, count = ground.world, ground.few(250, 5)
    names = serials(count * ground.rounds)
    world.goods.commission(lot=f"G14{time.time_ns()}"[:20], names=names)
    values: list[float] = []
    floors: list[float] = []
    with raw() as link:
        link.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, said bytea)")
        for number in range(ground.rounds):
            part = names[number * count : (number + 1) * count]
            envelope, lines = _file(world, part)
            floors.append(count / seconds(lambda: _inserted(link, count)))
            took = seconds(lambda e=envelope, t=lines: world.stage.send(e, t))
            values.append(count / took)
        link.execute("DROP TABLE bench_floor")
    return [
        Reading(
            "G14",
            f"one statement of {count} events",
            "events/s",
            values,
            "one-row INSERT and commit each, psycopg",
            floors,
            Goal(least=2_000, of="value"),
            "one pack destroyed an event",
        )
    ]


def _file(world: World, names: Sequence[str]) -> tuple[bytes, bytes | None]:
    stage = world.stage
    events = [
        {"step": "destroy", "site": site(NOVAMED), "items": packs([name])}
        for name in names
    ]
    wish = {"kind": "events", "events": events}
    stage.at = at = max(stage.tick(), datetime.now(UTC))
    draft = drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=at)
    envelope = sign_statement(draft.payload, stage.keyring.key_of(NOVAMED))
    return envelope, draft.lines


def _inserted(link: psycopg.Connection, count: int) -> None:
    said = bytes(900)
    for _ in range(count):
        link.execute("INSERT INTO bench_floor (said) VALUES (%s)", [said])
