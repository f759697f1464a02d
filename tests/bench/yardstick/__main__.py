"""`make bench SIZE=1m`: every ratio of the project, each beside its floor.

    python -m tests.bench.yardstick --size 1m|10m [--folder var/bench/1m] [--rounds 5]
        [--only G9 --only G13] [--json FILE] [--profile G6] [--smoke]

The network is built first where it is not there yet (it may be killed and started
again). Everything is measured on a copy of it, floor and value by turns, and nothing
is asserted: the table says what was met and what was missed.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import platform
import pstats
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.yardstick.ground import copied_site, open_ground

if TYPE_CHECKING:
    from tests.bench.yardstick.ground import Ground
    from tests.bench.yardstick.reading import Row
    from tests.bench.yardstick.registry import Measure

_SHOWN = 40  # functions of a profile


def main() -> int:
    """Build what is missing, measure, print; 1 where there is no PostgreSQL."""
    chosen = _arguments()
    folder = chosen.folder or Path("var/bench") / chosen.size
    built = subprocess.run(
        [
            *(sys.executable, "-m", "tests.bench.network"),
            *("--size", chosen.size, "--folder", str(folder), "--seed", chosen.seed),
        ],
        check=False,
    )
    if built.returncode:
        return built.returncode
    with copied_site(folder) as var:
        if var is None:
            return 1
        from tests.bench.yardstick.registry import chosen as those

        ground = open_ground(
            size=chosen.size,
            rounds=chosen.rounds,
            is_smoke=chosen.smoke,
            folder=folder,
            var=var,
        )
        rows: list[Row] = []
        wanted = [chosen.profile] if chosen.profile else chosen.only
        failed = [
            measure.place
            for measure in those(wanted)
            if not _measured(measure, ground, rows, profile=bool(chosen.profile))
        ]
        machine = _machine()
    page = _page(rows, machine, chosen)
    print(f"\n{page}")
    if chosen.table:
        _keep(chosen.table, page)
    if chosen.json:
        _keep(chosen.json, _document(rows, machine, chosen))
    print("\n".join(f"FAILED: {place}" for place in failed))
    return int(bool(failed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("2k", "20k", "1m", "10m"), default="1m")
    parser.add_argument("--folder", type=Path, help="kept; var/bench/SIZE by default")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", default=[], metavar="G9")
    parser.add_argument("--json", type=Path, help="write the readings here too")
    parser.add_argument("--table", type=Path, help="write the page here too")
    parser.add_argument("--profile", metavar="G6", help="where the time of one goes")
    parser.add_argument("--smoke", action="store_true", help="tiny, for correctness")
    return parser.parse_args()


def _measured(
    measure: Measure, ground: Ground, rows: list[Row], *, profile: bool
) -> bool:
    """Add its readings; False where it failed: the others still stand."""
    from tests.bench.yardstick.reading import as_line

    name = "+".join(measure.numbers)
    began = time.perf_counter()
    taken = cProfile.Profile()
    stage = ground.world.stage
    stage.at = max(stage.at, datetime.now(UTC))  # machines have the clock of today
    try:
        if profile:
            found = taken.runcall(measure.function, ground)
        else:
            found = measure.function(ground)
    except Exception:  # noqa: BLE001 - an hour's other readings are worth keeping
        traceback.print_exc()
        return False
    rows += found
    print(f"{name}: {time.perf_counter() - began:.0f} s")
    print("\n".join(map(as_line, found)), flush=True)
    if profile:
        path = ground.folder / f"{name}-{measure.place.rpartition('.')[2]}.pstats"
        taken.dump_stats(path)
        pstats.Stats(taken).sort_stats("cumulative").print_stats(_SHOWN)
        print(path)
    return True


def _page(rows: list[Row], machine: dict[str, str], chosen: argparse.Namespace) -> str:
    from tests.bench.network.shape import SHAPES
    from tests.bench.yardstick.reading import as_table

    packs = SHAPES[chosen.size].packs
    return (
        f"# The yardstick at {packs:,} packs\n\n"
        f"`make bench SIZE={chosen.size}`, {chosen.rounds} rounds, floor and value by"
        f" turns; {', '.join(machine.values())}.\n\n"
        "A network is built lot by lot: serials are staged and commissioned by the"
        " door's own operations; the\nevents that hand them on are signed by every"
        " party's key, appended to the ledger as the door does it and\njudged by the"
        " door's law, with the state of the lot kept in memory, and written as `manage.py"
        " rebuild`\nwrites. Nothing of the build goes over HTTP. What is measured goes"
        " the way that its line says.\n\n"
        f"{as_table(rows)}\n"
    )


def _document(
    rows: list[Row], machine: dict[str, str], chosen: argparse.Namespace
) -> str:
    document = {
        "size": chosen.size,
        "seed": chosen.seed,
        "rounds": chosen.rounds,
        "machine": machine,
        "readings": [row.as_json() for row in rows],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _machine() -> dict[str, str]:
    """The machine in words, and how busy it is."""
    import os

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    load = os.getloadavg()[1]
    return {
        "cores": f"{os.cpu_count()} cores",
        "python": f"Python {platform.python_version()}",
        "postgresql": f"PostgreSQL {version.split()[0]}",
        "load": f"load {load:.1f} when measured",
        "at": time.strftime("%Y-%m-%d", time.gmtime()),
    }


if __name__ == "__main__":
    sys.exit(main())
