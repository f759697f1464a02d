"""What one step of the trade costs: processor time, bytes of WAL, bytes on disk.

    python -m tests.bench.weighing [--packs 100000] [--json docs/benchmarks/weights.json]

Processor time is that of the site's process and of its server process together, so a
busy machine changes little. Disk is what the tables and indexes grew by. From these
figures `python -m tests.bench.capacity` computes what a country needs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.fresh import fresh_site

_TICKS = os.sysconf("SC_CLK_TCK")
_CASE, _CASES, _PALLETS, _SHIFT = 48, 12, 10, 100


@dataclass(frozen=True, slots=True)
class Weight:
    """One step: how often it was done in the run, and what each time cost."""

    times: int
    site_seconds: float
    server_seconds: float
    wal_bytes: float
    disk_bytes: float


def main() -> int:
    """Print the weights, and write them down; 1 without a PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    if chosen.packs < (fewest := _PALLETS * _CASES * _CASE):
        parser.error(f"--packs: wanted at least {fewest:,}")
    with fresh_site() as var:
        if var is None:
            return 1
        weighing = Weighing(var, packs=chosen.packs)
        found = weighing.run()
    document = {
        "packs": chosen.packs,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}",
        "archived_bytes": weighing.archived,
        "steps": {name: asdict(weight) for name, weight in found.items()},
    }
    text = json.dumps(document, indent=1) + "\n"
    if chosen.json:
        chosen.json.write_text(text, encoding="utf-8")
    print(text)
    return 0


class Weighing:
    """One ledger, and the steps in the order in which goods go."""

    def __init__(self, var: Path, *, packs: int) -> None:
        from tests.bench.world import build

        self.world = build(var)
        self.names = [f"{n:07d}{(n * 2654435761) % 2**32:08X}" for n in range(packs)]
        self.archived = 0.0
        self.found: dict[str, Weight] = {}

    def run(self) -> dict[str, Weight]:
        """Every step."""
        from apps.anchoring import operations as anchoring

        self._weigh("pack commissioned", len(self.names), self._commission)
        self._sequence(anchoring)
        self._weigh("case packed", _CASES * _PALLETS, self._fill)
        self._weigh("pallet packed", _PALLETS, self._pack)
        self._weigh("pallet moved", 2 * _PALLETS, self._move)
        self._sequence(anchoring)
        self._weigh("pack dispensed alone", 200, lambda: self._dispense(0, 200))
        self._weigh("leaf logged", 1, lambda: self._sequence(anchoring))
        self._weigh("pack dispensed by shift", 3 * _SHIFT, self._shifts)
        self._weigh("pack scanned", 250, self._scan)
        self.archived = self._archive()
        return self.found

    def _commission(self) -> None:
        self.world.goods.commission(lot="W1", names=self.names)

    def _fill(self) -> None:
        """Each case made known and filled: two statements."""
        goods = self.world.goods
        for number in range(_CASES * _PALLETS):
            goods.fill(number, self.names[number * _CASE : (number + 1) * _CASE])

    def _pack(self) -> None:
        """Each pallet made known and its cases put on it: two statements."""
        from tests.bench.world import NOVAMED
        from tests.custody.goods import box

        goods = self.world.goods
        for number in range(_PALLETS):
            pallet = goods_box(number)
            goods.do(NOVAMED, "new_container", container=pallet)
            cases = [box(number * _CASES + case) for case in range(_CASES)]
            goods.do(NOVAMED, "pack", container=pallet, items=cases)

    def _move(self) -> None:
        """Each pallet shipped and received: two statements."""
        from tests.bench.world import STELLA

        goods = self.world.goods
        for number in range(_PALLETS):
            sent = goods.ship([goods_box(number)], to=STELLA)
            goods.receive(sent, by=STELLA)

    def _dispense(self, start: int, end: int) -> None:
        from tests.bench.world import STELLA
        from tests.custody.goods import pack

        for name in self.names[start:end]:
            self.world.goods.do(STELLA, "dispense", items=[pack(name)])

    def _shifts(self) -> None:
        from tests.bench.world import STELLA
        from tests.custody.goods import pack, site

        for start in range(200, 200 + 3 * _SHIFT, _SHIFT):
            events = [
                {"step": "dispense", "site": site(STELLA), "items": [pack(name)]}
                for name in self.names[start : start + _SHIFT]
            ]
            self.world.stage.act(STELLA, {"kind": "events", "events": events})

    def _scan(self) -> None:
        from urllib.parse import quote

        from tests.bench.world import AMOXIL

        for name in self.names[600:850]:
            code = quote(f"(01){AMOXIL.gtin}(21){name}")
            answer = self.world.stella.get(f"/api/v1/verify?code={code}")
            assert answer.status == 200, answer.body

    def _archive(self) -> float:
        """By how many bytes a pack's place in the registry shrinks in a block."""
        from datetime import UTC, datetime

        from apps.custody import operations as custody
        from tests.bench.world import AMOXIL

        before = _disk()
        custody.archive_batch(gtin=AMOXIL.gtin, lot="W1", at=datetime.now(UTC))
        return round((before - _disk()) / len(self.names), 1)

    def _sequence(self, anchoring: Any) -> None:
        from datetime import UTC, datetime

        while anchoring.sequence(at=datetime.now(UTC)) is not None:
            pass

    def _weigh(self, name: str, times: int, body: Callable[[], object]) -> None:
        disk = _disk()
        before = _read()
        body()
        after = _read()
        before["disk"], after["disk"] = disk, _disk()
        if name == "leaf logged":
            times = int(after["leaves"] - before["leaves"])
        each = {key: (after[key] - before[key]) / times for key in before}
        self.found[name] = Weight(
            times=times,
            site_seconds=round(each["site"], 7),
            server_seconds=round(each["server"], 7),
            wal_bytes=round(each["wal"], 1),
            disk_bytes=round(each["disk"], 1),
        )


def goods_box(number: int) -> str:
    """A pallet of Novamed's."""
    from tests.custody.goods import box

    return box(1_000 + number)


def _read() -> dict[str, float]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), pg_current_wal_insert_lsn() - '0/0'::pg_lsn,"
            " (SELECT COUNT(*) FROM ledger_leaf)"
        )
        pid, wal, leaves = cursor.fetchone()
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(stat[11]) + int(stat[12])
    return {
        "site": time.process_time(),
        "server": ticks / _TICKS,
        "wal": float(wal),
        "leaves": float(leaves),
    }


def _disk() -> float:
    """What the tables and indexes hold, without what updates left behind."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL")
        cursor.execute(
            "SELECT SUM(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        (size,) = cursor.fetchone()
    return float(size)


if __name__ == "__main__":
    sys.exit(main())
