"""A played ledger, put back row by row instead of being played for every test.

A story is played once a process, through the door, with real signatures, in the
transaction of the first test that wants it. Its rows are kept as the database spells
them; later tests get the same rows into the same empty tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage

# Filled by every migration and flush, not by stories.
_STANDING = ("django_content_type", "auth_permission", "django_migrations")


@dataclass(frozen=True)
class _Frozen:
    """Where a story left the clock and the tables."""

    at: datetime
    tables: dict[str, Any]


_FROZEN: dict[tuple[object, ...], _Frozen] = {}


def play(
    name: str, keyring: Keyring, at: datetime, story: Callable[[Stage], None]
) -> Stage:
    """A stage after `story`, which is known by `name`, in a database without rows."""
    key = (
        *(name, keyring, connection.settings_dict["NAME"]),
        *(settings.SECRETS_DIR, settings.LEDGER_ORIGIN, settings.SITE_URL),
    )
    stage = Stage(keyring, at)
    frozen = _FROZEN.get(key)
    if frozen is None:
        story(stage)
        _FROZEN[key] = _Frozen(stage.at, read_tables())
    else:
        _write_tables(frozen.tables)
        stage.at = frozen.at
    return stage


def read_tables() -> dict[str, Any]:
    """Every row of every table that has any, as the database spells it."""
    names = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.db_table not in _STANDING
    ]
    read = _copy_out if connection.vendor == "postgresql" else _quote
    return {name: rows for name in sorted(set(names)) if (rows := read(name))}


def _write_tables(tables: dict[str, Any]) -> None:
    write = _copy_in if connection.vendor == "postgresql" else _insert
    # Foreign keys are looked at when the transaction ends: no order is needed.
    with transaction.atomic():
        for name, rows in tables.items():
            write(name, rows)


def _copy_out(table: str) -> bytes:
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" TO STDOUT') as copy,
    ):
        return b"".join(bytes(part) for part in copy)


def _copy_in(table: str, rows: bytes) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" FROM STDIN') as copy,
    ):
        copy.write(rows)


def _quote(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT name FROM pragma_table_info("{table}")')
        columns = ", ".join(f'quote("{name}")' for (name,) in cursor.fetchall())
        cursor.execute(f'SELECT {columns} FROM "{table}"')
        return [", ".join(row) for row in cursor.fetchall()]


def _insert(table: str, rows: list[str]) -> None:
    values = ", ".join(f"({row})" for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{table}" VALUES {values}')
