"""Tables that only grow: triggers for PostgreSQL and SQLite, as a migration operation.

    operations = [
        AppendOnly(table="ledger_leaf", unique=[["index"], ["leaf_hash"]]),
        AppendOnly(
            table="ledger_vault",
            unique=[["statement_id"]],
            delete_when="EXISTS (SELECT 1 FROM ledger_erasure"
            " WHERE statement_id = OLD.statement_id)",
        ),
    ]

`unique` names every unique key of the table: SQLite's INSERT OR REPLACE deletes the
rows it collides with and fires no delete trigger, so such an insert is refused first.
`delete_when` is an SQL condition over OLD; UPDATE and TRUNCATE stay refused.
A refusal reaches Django as IntegrityError.

SQLite rebuilds a table to alter it, and its triggers go with the old one: a later
migration that alters such a table must repeat the operation (a test looks for it).
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from typing_extensions import override

SUFFIX = "_append_only"
_NEVER = "FALSE"


class AppendOnly(Operation):
    """Refuse UPDATE, DELETE, TRUNCATE and replacing inserts on one table.

    Args:
        table: name of the table.
        unique: every unique key, primary key included, as lists of columns.
        delete_when: SQL condition over OLD under which a row may be deleted.
    """

    reversible = True
    reduces_to_sql = True

    def __init__(
        self,
        *,
        table: str,
        unique: Sequence[Sequence[str]],
        delete_when: str = "",
    ) -> None:
        self.table = table
        self.unique = [list(columns) for columns in unique]
        self.delete_when = delete_when

    @override
    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models do not know of triggers."""

    @override
    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create the triggers; those of an earlier run are replaced."""
        for sql in self.statements(schema_editor.connection.vendor):
            schema_editor.execute(sql, params=None)

    @override
    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the triggers."""
        is_postgresql = schema_editor.connection.vendor == "postgresql"
        dropped = self._drop_postgresql() if is_postgresql else self._drop_sqlite()
        for sql in dropped:
            schema_editor.execute(sql, params=None)

    @override
    def describe(self) -> str:
        return f"Make {self.table} append only"

    def statements(self, vendor: str) -> list[str]:
        """The SQL that protects the table on `vendor`, in order."""
        if vendor == "postgresql":
            return [*self._drop_postgresql(), *self._postgresql()]
        return [*self._drop_sqlite(), *self._sqlite()]

    def _postgresql(self) -> list[str]:
        table, name = self.table, f"{self.table}{SUFFIX}"
        # ENABLE ALWAYS: session_replication_role = replica does not switch it off.
        return [
            f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF {self.delete_when or _NEVER} THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION '{table} is append only: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$""",
            f'CREATE TRIGGER {name}_row BEFORE UPDATE OR DELETE ON "{table}"'
            f" FOR EACH ROW EXECUTE FUNCTION {name}()",
            f'CREATE TRIGGER {name}_all BEFORE TRUNCATE ON "{table}"'
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
            f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}_row',
            f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {name}_all',
        ]

    def _drop_postgresql(self) -> list[str]:
        return [f"DROP FUNCTION IF EXISTS {self.table}{SUFFIX}() CASCADE"]

    def _sqlite(self) -> list[str]:
        allowed = f" WHEN NOT ({self.delete_when})" if self.delete_when else ""
        return [
            self._sqlite_trigger("update", "BEFORE UPDATE", ""),
            self._sqlite_trigger("delete", "BEFORE DELETE", allowed),
            self._sqlite_trigger(
                "insert", "BEFORE INSERT", f" WHEN {self._collision()}"
            ),
        ]

    def _sqlite_trigger(self, event: str, timing: str, when: str) -> str:
        return (
            f'CREATE TRIGGER {self.table}{SUFFIX}_{event} {timing} ON "{self.table}"'
            f"{when} BEGIN SELECT RAISE(ABORT,"
            f" '{self.table} is append only: {event} refused'); END"
        )

    def _collision(self) -> str:
        """True if NEW would take the place of a row by any unique key."""
        same_key = [
            " AND ".join(f'"{column}" = NEW."{column}"' for column in columns)
            for columns in self.unique
        ]
        return " OR ".join(
            f'EXISTS (SELECT 1 FROM "{self.table}" WHERE {same})'  # noqa: S608  # names from migrations
            for same in same_key
        )

    def _drop_sqlite(self) -> list[str]:
        return [
            f"DROP TRIGGER IF EXISTS {self.table}{SUFFIX}_{event}"
            for event in ("update", "delete", "insert")
        ]


def list_protected(connection: BaseDatabaseWrapper) -> set[str]:
    """The names of the tables whose triggers stand in the database now, whole.

    On PostgreSQL a trigger counts only while it is ENABLE ALWAYS.
    """
    sql, wanted = (
        ("SELECT tgname FROM pg_trigger WHERE tgenabled = 'A'", 2)
        if connection.vendor == "postgresql"
        else ("SELECT name FROM sqlite_master WHERE type = 'trigger'", 3)
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [str(row[0]) for row in cursor.fetchall()]
    tables = [name.rpartition(f"{SUFFIX}_")[0] for name in names if SUFFIX in name]
    return {table for table in tables if tables.count(table) == wanted}
