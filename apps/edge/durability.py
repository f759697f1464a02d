"""Refuses a database that would lose acknowledged rows at a power cut.

Killing processes never shows this fault, so it is read from the server's settings.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_SQLITE_FULL = 2


@register(Tags.database)
def check_durability(
    app_configs: Any, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Errors `edge.E001` for every database that does not keep what it confirmed."""
    if not settings.REQUIRE_DURABLE_DATABASE:
        return []
    return [
        Error(
            f"Database {alias}: {fault}; acknowledged rows would be lost.",
            hint="Turn it on (docs/operations.md, durability).",
            id="edge.E001",
        )
        for alias in databases or ()
        for fault in _list_faults(connections[alias])
    ]


def _list_faults(connection: BaseDatabaseWrapper) -> list[str]:
    if connection.vendor == "postgresql":
        return [
            f"{name} is off"
            for name in ("fsync", "synchronous_commit", "full_page_writes")
            if _read(connection, f"SHOW {name}") == "off"
        ]
    synchronous = int(_read(connection, "PRAGMA synchronous"))
    return [] if synchronous >= _SQLITE_FULL else [f"synchronous is {synchronous}"]


def _read(connection: BaseDatabaseWrapper, sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return str(row[0])
