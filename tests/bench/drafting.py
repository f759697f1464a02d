"""What a draft costs, by how many wishes it has: seconds, work, questions.

    python -m tests.bench.drafting [--wishes 1 --wishes 10 …] [--rounds 3] [--sqlite]

One lot lies loose at its maker. The wishes open cases and put four packs into each, by
their serials and, in a second row, by the lot ("so many"). The draft is made in this
process; the median of some rounds is shown: seconds, how much of them this process
worked (the database works in its own), and questions asked in the first round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.fresh import fresh_site

if TYPE_CHECKING:
    from tests.bench.world import World

_LOT = "DRAFTED"
_IN_A_CASE = 4


def main() -> int:
    """Print a line for each number of wishes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wishes", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sqlite", action="store_true")
    chosen = parser.parse_args()
    with fresh_site(is_sqlite=chosen.sqlite) as var:
        if var is None:
            return 1
        print("| wishes | packs named by | seconds | of work | questions |")
        print("|---:|---|---:|---:|---:|", flush=True)
        for row in _rows(var, chosen.wishes or [10, 200, 2_000], chosen.rounds):
            print(row, flush=True)
    return 0


def _rows(var: Path, wishes: list[int], rounds: int) -> Iterator[str]:
    from tests.bench.figures import serials
    from tests.bench.world import build
    from tests.bench.yardstick.uploads import upload

    world = build(var)
    names = serials(_IN_A_CASE * max(wishes))
    upload(world, names, lot=_LOT)
    for count in wishes:
        for by in ("serial", "lot"):
            wish = _wish(names, count, by)
            asked = _questions(world, wish)
            taken, worked = zip(
                *(_timed(world, wish) for _ in range(rounds)), strict=True
            )
            figures = (
                f"{statistics.median(taken):.2f} | {statistics.median(worked):.2f}"
            )
            yield f"| {count:,} | {by} | {figures} | {asked:,} |"


def _wish(names: list[str], count: int, by: str) -> dict[str, Any]:
    from pharmatrace.demo.cast import AMOXIL, NOVAMED
    from tests.custody.goods import box, packs, site

    here = {"site": site(NOVAMED)}
    events: list[dict[str, Any]] = []
    for number in range(count // 2):
        start = _IN_A_CASE * number
        items: list[Any] = packs(names[start : start + _IN_A_CASE])
        if by == "lot":
            items = [{"gtin": AMOXIL.gtin, "lot": _LOT, "count": _IN_A_CASE}]
        case = {**here, "container": box(number + 1)}
        events.append({**case, "step": "new_container"})
        events.append({**case, "step": "pack", "items": items})
    return {"kind": "events", "events": events}


def _draft(world: World, wish: dict[str, Any]) -> None:
    from apps.exchange import queries as drafts
    from pharmatrace.demo.cast import NOVAMED

    stage = world.stage
    drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=stage.tick())


def _questions(world: World, wish: dict[str, Any]) -> int:
    from django.db import connection

    asked = 0

    def count(execute: Callable[..., Any], *question: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*question)

    with connection.execute_wrapper(count):
        _draft(world, wish)
    return asked


def _timed(world: World, wish: dict[str, Any]) -> tuple[float, float]:
    started, worked = time.perf_counter(), time.process_time()
    _draft(world, wish)
    return time.perf_counter() - started, time.process_time() - worked


if __name__ == "__main__":
    sys.exit(main())
