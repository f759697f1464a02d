"""Floors of an upload: the same rows by the shortest way that the database offers."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from django.db import connection

from apps.custody.models import SerialNumber
from tests.bench.world import raw, seconds

_NOBODY = 0  # no product has this row number


def raw_load(names: Sequence[str], var: Path) -> float:
    """Seconds of raw COPY, or raw executemany, sorted, one unique index."""
    if connection.vendor == "postgresql":
        return _copy(names)
    return _executemany(names, var / "floor.sqlite3")


def _copy(names: Sequence[str]) -> float:
    rows = "".join(f"1\t{name}\t1\t{n}\n" for n, name in enumerate(sorted(names)))
    with raw() as link:
        link.execute("CHECKPOINT")
        link.execute(
            'CREATE TABLE bench_floor (product bigint, serial text COLLATE "C",'
            " batch bigint, ordinal int, PRIMARY KEY (product, serial))"
        )

        def copy() -> None:
            with link.cursor().copy("COPY bench_floor FROM STDIN") as stream:
                stream.write(rows)

        taken = seconds(copy)
        link.execute("DROP TABLE bench_floor")
    return taken


def _executemany(names: Sequence[str], path: Path) -> float:
    rows = [(1, name, 1, n) for n, name in enumerate(sorted(names))]
    link = sqlite3.connect(path)
    link.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
        "CREATE TABLE bench_floor (product integer, serial text, batch integer,"
        " ordinal integer, PRIMARY KEY (product, serial));"
    )

    def insert() -> None:
        with link:
            link.executemany("INSERT INTO bench_floor VALUES (?, ?, ?, ?)", rows)

    taken = seconds(insert)
    link.close()
    path.unlink()
    return taken


def bulk_create(names: Sequence[str]) -> float:
    """Seconds of Django's bulk_create of the bare registry rows."""
    rows = [
        SerialNumber(product_id=_NOBODY, serial=name, batch_id=_NOBODY, ordinal=n)
        for n, name in enumerate(names)
    ]
    taken = seconds(lambda: SerialNumber.objects.bulk_create(rows, batch_size=5_000))
    SerialNumber.objects.filter(product_id=_NOBODY).delete()
    return taken
