"""Rows by the thousand: numbered before they are written, then written in one go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db import connection
from django.db.models import Field, JSONField, Model

from apps.custody.references import ReferenceField, reference_bytes

_ROWS: Final = 10_000  # written at a time
_NUMBERS: Final = 1_000  # drawn at a time
# How the binary form of COPY names the types of columns.
_TYPES: Final = {
    "bigint": "int8",
    "integer": "int4",
    "smallint": "int2",
    "boolean": "bool",
    "bytea": "bytea",
    "jsonb": "jsonb",
}


class Bulk:
    """Rows of one model, kept until there are enough of them to be written at once.

    PostgreSQL takes them by COPY, SQLite by `executemany`. Rows may name others that
    are not written yet: foreign keys are looked at when the transaction ends.
    """

    def __init__(self, model: type[Model], *columns: str) -> None:
        fields = [_field(model, name) for name in columns]
        self._table = model._meta.db_table
        self._columns = [field.column for field in fields]
        kinds = [str(field.db_type(connection)) for field in fields]
        self._types = [_TYPES.get(kind, "text") for kind in kinds]
        self._json = [
            n for n, field in enumerate(fields) if isinstance(field, JSONField)
        ]
        self._references = [
            n for n, field in enumerate(fields) if isinstance(field, ReferenceField)
        ]
        self._rows: list[Sequence[Any]] = []
        self._numbers = _numbers(self._table)

    def new_id(self) -> int:
        """A row number that nobody else gets."""
        return next(self._numbers)

    def add(self, *values: Any) -> None:
        """Take one row, its values in the order of the columns."""
        row = list(values)
        for place in self._references:
            row[place] = reference_bytes(row[place])
        self._rows.append(row)
        if len(self._rows) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what was taken."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        names = ", ".join(f'"{name}"' for name in self._columns)
        if connection.vendor == "postgresql":
            self._copy(f"COPY {self._table} ({names}) FROM STDIN (FORMAT BINARY)", rows)
            return
        marks = ", ".join(["%s"] * len(self._columns))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {self._table} ({names}) VALUES ({marks})",  # noqa: S608 - names of ours
                [self._plain(row) for row in rows],
            )

    def _copy(self, question: str, rows: Sequence[Sequence[Any]]) -> None:
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.cursor.copy(question) as copy,
        ):
            copy.set_types(self._types)
            for row in rows:
                copy.write_row(row)

    def _plain(self, row: Sequence[Any]) -> Sequence[Any]:
        if not self._json:
            return row
        values = list(row)
        for place in self._json:
            values[place] = json.dumps(values[place])
        return values


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)  # noqa: S101 - a column of the table
    return field


def _numbers(table: str) -> Iterator[int]:
    """Row numbers of a table, each drawn once."""
    if connection.vendor == "postgresql":
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id'))"
                    " FROM generate_series(1, %s)",
                    [table, _NUMBERS],
                )
                yield from [number for (number,) in cursor.fetchall()]
    # The transaction is SQLite's only writer, and what it inserts moves the sequence.
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        (last,) = cursor.fetchone() or (0,)
    while True:
        last += 1
        yield last
