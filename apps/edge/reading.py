"""Many rows read at once, for those who look at everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, Final, TypeAlias

from apps.edge.replica import read_connection as connection

_ROWS: Final = 4_096  # fetched at once
_BINARY: Final = 1  # psycopg.pq.Format
_names = count()  # of cursors: one may be open while another is
# A list as one argument: the text of the question stays the same, prepared once.
AMONG: Final = {
    "postgresql": "= ANY(%s)",
    "sqlite": "IN (SELECT value FROM json_each(%s))",
}
Row: TypeAlias = tuple[Any, ...]
Params: TypeAlias = (
    "list[int | str | bytes | list[int] | list[str] | list[bytes]] | dict[str, Any]"
)


def fetch_rows(sql: str, params: Params) -> list[Row]:
    """All rows of a query; binary columns are `bytes`.

    PostgreSQL sends them in its binary form, in half the time that its text takes.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.cursor.format = _BINARY
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def among(numbers: Iterable[int]) -> list[int] | str:
    """Row numbers as the one argument of `AMONG`, however many they are."""
    listed = list(numbers)
    return listed if connection.vendor == "postgresql" else json.dumps(listed)


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
    # All rows are read. For the first tenth alone, of which the server thinks unless it
    # is told, it would walk through a whole table in order rather than sort some rows.
    raw.execute("SET cursor_tuple_fraction = 1")
    name = f"reading_{next(_names)}"
    with raw.cursor(name, binary=True, withhold=raw.autocommit) as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(_ROWS):
            yield from rows
