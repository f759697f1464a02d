"""The same code on the same rows, once among all rows and once among few.

A schema of its own holds the rows of the first lots alone, under the same table names
and with the same indexes; which of the two answers is a matter of the search path. So
what grows with the number of packs shows in one run, for the very same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

_BY_BATCH = (
    "custody_holding",
    "custody_eventline",
    "custody_eventchunk",
    "custody_forwardchunk",
    "custody_serialchunk",
    "custody_serialnumber",
)
_EVENTS = "custody_event"


@contextmanager
def few_lots(batch_ids: Sequence[int], *, tables: Sequence[str] = ()) -> Iterator[None]:
    """The schema `few` with these lots while the block runs; events come along."""
    wanted = tables or (*_BY_BATCH, _EVENTS)
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS few CASCADE")
        cursor.execute("CREATE SCHEMA few")
        for table in wanted:
            cursor.execute(
                f"CREATE TABLE few.{table} (LIKE public.{table} INCLUDING ALL)"
            )
            cursor.execute(_fill(table), [list(batch_ids)])
            cursor.execute(f"ANALYZE few.{table}")
        try:
            yield
        finally:
            cursor.execute("DROP SCHEMA few CASCADE")


def _fill(table: str) -> str:
    where = "batch_id = ANY(%s)"
    if table == _EVENTS:
        where = (
            "id IN (SELECT event_id FROM public.custody_eventline"
            " WHERE batch_id = ANY(%s))"
        )
    return f"INSERT INTO few.{table} SELECT * FROM public.{table} WHERE {where}"


@contextmanager
def among_few() -> Iterator[None]:
    """Questions are answered from the schema `few` where it has the table."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO few, public")
        try:
            yield
        finally:
            cursor.execute("SET search_path TO public")
