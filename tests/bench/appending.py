"""Appending, each figure beside a hash-chain append function of the same database.

    python -m tests.bench.appending [--smoke]

One client and eight, each with a lot of its own; eight in one lot; a shift of supplies
in one signed file; a file of statements signed one by one, and the same one by one.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.report import Figure

_CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each: statements a client, lines a file, statements a bulk file."""

    single: int
    lines: int
    bulk: int
    rounds: int
    clients: int = _CLIENTS


SMOKE = Size(single=2, lines=5, bulk=4, rounds=1, clients=2)
WHOLE = Size(single=60, lines=2_000, bulk=500, rounds=5)


@dataclass(slots=True)
class _Taken:
    floors: dict[str, list[float]] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, floor: float, value: float) -> None:
        self.floors.setdefault(name, []).append(floor)
        self.values.setdefault(name, []).append(value)

    def figure(self, name: str, what: str, floor: str, note: str) -> Figure:
        return Figure(
            what,
            "1/s",
            tuple(self.values[name]),
            floor,
            tuple(self.floors[name]),
            note,
        )


def measure(world, size: Size) -> list[Figure]:
    """Every figure of this bench, floors and measures in turn."""
    from tests.bench.crowd import FLOOR, UNDO, Crowd
    from tests.bench.world import raw

    shelves = _Shelves.fill(world, size)
    taken = _Taken()
    with raw() as link:
        link.execute(FLOOR)
        with Crowd(size.clients) as crowd:
            for _ in range(size.rounds):
                _round(crowd, shelves, size, taken)
        link.execute(UNDO)
    return _figures(taken, size)


@dataclass(slots=True)
class _Shelves:
    """The pharmacies' packs: lots of their own, one lot of all, one for the files."""

    own: list
    hot: list
    file: object

    @classmethod
    def fill(cls, world, size: Size) -> _Shelves:
        from tests.bench.counters import pharmacies, stock

        holders = pharmacies(world, size.clients)
        each = size.single * size.rounds
        own = [
            stock(
                world,
                lot=f"OWN{n}",
                names=_serials((3 if n == 0 else 1) * each),
                holders=[holder],
            )[0]
            for n, holder in enumerate(holders)
        ]
        hot = stock(
            world, lot="HOT", names=_serials(each * len(holders)), holders=holders
        )
        files = (size.lines + size.bulk) * size.rounds
        (file,) = stock(world, lot="FILES", names=_serials(files), holders=holders[:1])
        return cls(own, hot, file)


def _serials(count: int) -> list[str]:
    return [secrets.token_hex(7).upper() for _ in range(count)]


def _round(crowd, shelves: _Shelves, size: Size, taken: _Taken) -> None:
    count = size.single
    floor = crowd.append([0], 4 * count)
    value = crowd.send([shelves.own[0].dispenses(2 * count)])
    taken.note("one", floor, value)
    own = [counter.dispenses(count) for counter in shelves.own]
    floor = crowd.append(range(1, len(own) + 1), 4 * count)
    taken.note("eight", floor, crowd.send(own))
    hot = [counter.dispenses(count) for counter in shelves.hot]
    floor = crowd.append([40] * len(hot), 4 * count)
    taken.note("hot", floor, crowd.send(hot))
    shift = shelves.file.shift(size.lines)
    floor = crowd.append([41], 4 * count)
    taken.note("events", floor, crowd.send([[shift]]) * size.lines)
    bulk = [envelope for envelope, _ in shelves.file.dispenses(size.bulk)]
    taken.note("bulk", value, crowd.bulk(bulk))


def _figures(taken: _Taken, size: Size) -> list[Figure]:
    floor = "hash-chain append function"
    clients = f"{size.clients} clients"
    return [
        taken.figure("one", "statements appended, one client", floor, "own lot"),
        taken.figure(
            "eight", f"statements appended, {clients}", floor, "a lot each; G14 0.15"
        ),
        taken.figure(
            "hot", f"statements appended in one lot, {clients}", floor, "G15 0.25"
        ),
        taken.figure(
            "events",
            "signed events in one file",
            floor,
            f"{size.lines:,} supplies; G14 2,000/s",
        ),
        taken.figure(
            "bulk",
            "statements in one bulk file",
            "the same statements one by one",
            f"{size.bulk:,} of one supply each",
        ),
    ]


def main() -> int:
    """Run every measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, one round")
    chosen = parser.parse_args()

    from tests.bench.fresh import fresh_site

    with fresh_site() as var:
        if var is None:
            return 1
        return _report(var, SMOKE if chosen.smoke else WHOLE)


def _report(var: Path, size: Size) -> int:
    from tests.bench.report import as_table
    from tests.bench.world import build

    print(as_table(measure(build(var), size)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
