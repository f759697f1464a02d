"""The database emptied after a test that committed: past the triggers, row by row.

Django's own flush truncates every table and writes the content types and permissions
anew. Few tables hold anything after a test, and those rows are the same in every one:
they stand, and only what a test wrote is taken away.
"""

from django.apps import apps
from django.db import connection, transaction

from apps.edge.append_only import SUFFIX

# Filled by migrations, not by tests.
STANDING = frozenset({"django_content_type", "auth_permission", "django_migrations"})


def list_tables() -> list[str]:
    """The tables that tests write to, each once."""
    names = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }
    return sorted(names - STANDING)


def empty_database() -> None:
    """Take every row away that a test, or a story, has committed."""
    if filled := _list_filled():
        empty = (
            _empty_postgresql if connection.vendor == "postgresql" else _empty_sqlite
        )
        with transaction.atomic():
            empty(filled)


def _list_filled() -> list[str]:
    asked = (
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")"
        for name in list_tables()
    )
    return [name for (name,) in _rows(" UNION ALL ".join(asked))]


def _empty_postgresql(filled: list[str]) -> None:
    triggers = _rows(
        "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON tgrelid = pg_class.oid"
        f" WHERE tgname LIKE '%{SUFFIX}%'"
    )
    alter = 'ALTER TABLE "{}" {} TRIGGER {}'
    mine = [(table, name) for table, name in triggers if table in filled]
    _execute(
        *(alter.format(table, "DISABLE", name) for table, name in mine),
        # TRUNCATE would want the tables that refer to these too, and new files for all.
        *(f'DELETE FROM "{name}"' for name in filled),
        # No order was needed; a table whose keys wait to be looked at takes no trigger.
        "SET CONSTRAINTS ALL IMMEDIATE",
        *(alter.format(table, "ENABLE ALWAYS", name) for table, name in mine),
    )


def _empty_sqlite(filled: list[str]) -> None:
    triggers = _rows(
        "SELECT name, sql, tbl_name FROM sqlite_master"
        f" WHERE type = 'trigger' AND name LIKE '%{SUFFIX}%'"
    )
    mine = [(name, sql) for name, sql, table in triggers if table in filled]
    _execute(
        # Foreign keys are looked at when the transaction ends: no order is needed.
        *(f'DROP TRIGGER "{name}"' for name, _ in mine),
        *(f'DELETE FROM "{name}"' for name in filled),
        *(created for _, created in mine),
    )


def _rows(sql: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
