"""Many rows read at once, for those who look at everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Final, TypeAlias

from apps.edge.replica import read_connection as connection

_ROWS: Final = 4_096  # fetched at once
_names = count()  # of cursors: one may be open while another is
Row: TypeAlias = tuple[Any, ...]
Params: TypeAlias = "list[int | str | bytes | list[str] | list[bytes]]"


def fetch_rows(sql: str, params: Params) -> list[Row]:
    """All rows of a query; binary columns are `bytes`.

    PostgreSQL sends them in its binary form, in half the time that its text takes.
    """
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors, raw.cursor(binary=True) as cursor:
        found: list[Row] = cursor.execute(sql, params).fetchall()
        return found


def iter_rows(sql: str, params: Params) -> Iterator[Row]:
    """The same, some rows at a time in memory: PostgreSQL keeps the others."""
    is_pooled = bool(connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"))
    if connection.vendor != "postgresql" or is_pooled:
        # A pool by transactions keeps no cursor between two questions.
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            while rows := cursor.fetchmany(_ROWS):
                yield from rows
        return
    connection.ensure_connection()
    raw = connection.connection
    name = f"reading_{next(_names)}"
    with raw.cursor(name, binary=True, withhold=raw.autocommit) as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(_ROWS):
            yield from rows
