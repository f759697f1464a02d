"""The floor of recalls: a row for every pack in every event, made of the same moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

from apps.custody.formats import to_set
from apps.custody.models import EventLine, Holding
from tests.bench.world import raw

_TABLES = """
CREATE TABLE bench_trail (batch int NOT NULL, ordinal int NOT NULL, line bigint NOT NULL,
  holder text NOT NULL, status text NOT NULL, PRIMARY KEY (batch, ordinal, line));
CREATE TABLE bench_pack (batch int NOT NULL, ordinal int NOT NULL,
  holder text NOT NULL, status text NOT NULL, PRIMARY KEY (batch, ordinal));
"""
_INDEXES = """
CREATE INDEX bench_trail_holder ON bench_trail (batch, holder);
CREATE INDEX bench_pack_holder ON bench_pack (batch, holder, status);
ANALYZE bench_trail; ANALYZE bench_pack
"""


@contextmanager
def row_a_pack(batch_ids: Sequence[int]) -> Iterator[None]:
    """Tables of design A while the block runs: `bench_trail`, `bench_pack`."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_trail, bench_pack")
        cursor.execute(_TABLES)
        _copy("bench_trail", _trail(batch_ids))
        _copy("bench_pack", _packs(batch_ids))
        cursor.execute(_INDEXES)
        try:
            yield
        finally:
            cursor.execute("DROP TABLE bench_trail, bench_pack")


def _copy(table: str, rows: Iterator[str]) -> None:
    # By a connection of its own: Django's reads the rows meanwhile.
    with raw() as link, link.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for text in rows:
            copy.write(text)


def _trail(batch_ids: Sequence[int]) -> Iterator[str]:
    rows = EventLine.objects.filter(batch_id__in=batch_ids).order_by("batch_id", "pk")
    columns = ("batch_id", "pk", "target_holder", "target_status", "units")
    for batch, line, holder, status, units in rows.values_list(*columns).iterator():
        end = f"\t{line}\t{holder}\t{status}\n"
        yield "".join(f"{batch}\t{ordinal}{end}" for ordinal in to_set(units))


def _packs(batch_ids: Sequence[int]) -> Iterator[str]:
    rows = Holding.objects.filter(batch_id__in=batch_ids, count__gt=0)
    columns = ("batch_id", "holder", "status", "units")
    for batch, holder, status, units in rows.values_list(*columns).iterator():
        end = f"\t{holder}\t{status}\n"
        yield "".join(f"{batch}\t{ordinal}{end}" for ordinal in to_set(units))
