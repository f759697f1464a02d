"""What the child process of `small` measures."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from django.db import connection

from apps.custody.queries import find_unit
from pharmatrace.demo.cast import AMOXIL, NOVAMED, REGULATOR, STELLA
from tests.bench.figures import serials
from tests.bench.loading import raw_load
from tests.bench.network.build import build
from tests.bench.network.shape import SHAPES
from tests.bench.world import World, each_seconds, seconds
from tests.bench.yardstick.uploads import upload
from tests.custody.goods import Goods
from tests.journeys.api_client import ApiClient

_SCANS = 500


def measure(var: Path, *, size: int, rounds: int, shape: str) -> dict[str, list[float]]:
    """Lists of rates, times and sizes, round by round."""
    network = SHAPES[shape]
    stage, _ = build(var, shape=network, seed="1", tell=lambda _: None)
    disk = _bytes() / network.packs
    world = World(
        Goods(stage),
        *(ApiClient.of(stage, player) for player in (NOVAMED, STELLA, REGULATOR)),
    )
    found: dict[str, list[float]] = {"disk": [disk], "upload": [], "raw": []}
    found |= {"scan": [], "select": []}
    for _ in range(rounds):
        names = serials(size)
        found["raw"].append(size / raw_load(names, var))
        found["upload"].append(size / seconds(lambda n=names: upload(world, n)))
        asked = names[:: max(1, size // _SCANS)]
        found["select"].append(_median_ms([lambda n=n: _select(n) for n in asked]))
        found["scan"].append(
            _median_ms(
                [lambda n=n: find_unit(gtin=AMOXIL.gtin, serial=n) for n in asked]
            )
        )
    return found


def _median_ms(asked: list) -> float:
    return median(each_seconds(asked)) * 1_000


def _select(serial: str) -> None:
    link = connection.connection
    link.execute(
        "SELECT batch_id, ordinal FROM custody_serialnumber WHERE serial = ?"
        " AND product_id = (SELECT id FROM catalog_product WHERE gtin = ?)",
        [serial, AMOXIL.gtin],
    ).fetchone()


def _bytes() -> int:
    """Pages of custody's tables and indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN ("
            " SELECT name FROM sqlite_master WHERE tbl_name LIKE 'custody\\_%' ESCAPE '\\')"
        )
        return int(cursor.fetchone()[0])
