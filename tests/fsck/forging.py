"""Changes behind the site's back, and what fsck says of them."""

from collections.abc import Callable
from typing import Any

from django.db import connection, models

from pharmatrace.fsck import check_heads, check_log, check_statements
from pharmatrace.fsck.outside import look_outside
from tests.cast import Stage


def findings(stage: Stage) -> list[tuple[str, str]]:
    outside = look_outside()
    return [
        (finding.code, finding.where)
        for finding in (
            *check_statements(at=stage.at),
            *check_log(outside),
            *check_heads(outside),
        )
    ]


def past_triggers(change: Callable[[], Any], table: str) -> None:
    """What somebody does who owns the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            change()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
            [table],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
        change()


def rewrite(row: models.Model, **values: Any) -> None:
    table = row._meta.db_table
    rows = type(row)._default_manager.filter(pk=row.pk)
    past_triggers(lambda: rows.update(**values), table)


def flip(data: Any, at: int = -1) -> bytes:
    changed = bytearray(bytes(data))
    changed[at] ^= 1
    return bytes(changed)
