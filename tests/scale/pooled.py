"""A process of the site that works through a PgBouncer: `python -m tests.scale.pooled`.

It commissions (COPY, libpq's pipeline), ships, sequences (advisory lock), reads with
cursors of the server, and asks the same question more often than is prepared after.
Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

_THREADS, _TIMES = 6, 12


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "pharmatrace.settings"
    django.setup()
    lot, keys = sys.argv[1:]
    print(json.dumps(work(lot, Path(keys))))


def work(lot: str, keys: Path) -> dict[str, int]:
    from django.utils import timezone

    from apps.anchoring import operations as anchoring
    from apps.custody.models import SerialChunk
    from apps.custody.queries.registry import find_taken
    from apps.edge.reading import iter_rows
    from pharmatrace.demo.signing import Keyring
    from pharmatrace.demo.stage import Stage
    from tests.custody.goods import Goods, pack, serials

    goods = Goods(Stage(Keyring(keys), timezone.now()))
    names = [f"{lot}{name}" for name in serials(30)]
    goods.commission(lot=lot, names=names)
    goods.ship([pack(name) for name in names[:10]])
    sequenced = anchoring.sequence(at=timezone.now())
    assert sequenced is not None
    batch_id = goods.batch(lot).pk
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(_scan, [names[0]] * _THREADS))
    return {
        "sequenced": sequenced.added,
        "found": sum(found),
        "taken": len(
            find_taken(product_id=goods.batch(lot).product_id, serials=[*names, "NEW"])
        ),
        "iterated": sum(
            len(row.serials.split("\n"))
            for row in SerialChunk.objects.filter(batch_id=batch_id).iterator()
        ),
        "streamed": len(list(iter_rows("SELECT id FROM custody_event", []))),
    }


def _scan(name: str) -> int:
    """The question of every scan, more often than it takes to be prepared."""
    from django.db import connection

    from apps.custody.queries.units import find_unit
    from tests.cast import AMOXIL

    try:
        asked = (find_unit(gtin=AMOXIL.gtin, serial=name) for _ in range(_TIMES))
        return sum(unit is not None for unit in asked)
    finally:
        connection.close()


if __name__ == "__main__":
    main()
