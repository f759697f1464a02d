"""The index of chunks says where a line begins and ends in a chunk (ADR 42).

It says nothing that lines do not say, so it is made anew from them: its numbers in an
order without holes, on PostgreSQL also the parts of a table that was cut, attached or
not, on SQLite without a second copy of the key.
"""

from typing import Any, Final, NamedTuple

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.custody.formats import chunk_ends, to_set

_TABLE: Final = "custody_eventchunk"
_LINES: Final = "custody_eventline"
_LINES_AT_ONCE: Final = 20_000
_TO: Final = "REFERENCES {} (id) DEFERRABLE INITIALLY DEFERRED"
_BATCH: Final = f"batch_id bigint NOT NULL {_TO.format('catalog_batch')}"
_LINE: Final = f"line_id bigint NOT NULL {_TO.format(_LINES)}"
_NUMBER: Final = "chunk_no integer NOT NULL CHECK (chunk_no >= 0)"
_END: Final = "{0} smallint NOT NULL CHECK ({0} >= 0)"
_ENDS: Final = [_END.format("first"), _END.format("last")]
_KEY: Final = "PRIMARY KEY (batch_id, chunk_no, line_id)"
_ATTACHED: Final = f"""
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = '{_TABLE}'::regclass ORDER BY c.oid
"""
_DETACHED: Final = f"""
SELECT relname FROM pg_class
WHERE relkind = 'r' AND NOT relispartition AND relname ~ '^{_TABLE}_[0-9]+$'
AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = '{_TABLE}'::regclass)
"""
_BOUNDS: Final = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conname = %s AND conrelid = %s::regclass
"""


class _Part(NamedTuple):
    """A piece of a table that was cut: `values` it is attached for, or none."""

    name: str
    values: str
    checks: list[str]


def with_ends(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The index of chunks, with the ends."""
    _renew(editor, ends=True)


def without(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """As it was before."""
    _renew(editor, ends=False)


def _renew(editor: BaseDatabaseSchemaEditor, *, ends: bool) -> None:
    if editor.connection.vendor == "sqlite":
        columns = [_NUMBER, *(_ENDS if ends else []), _BATCH, _LINE, _KEY]
        storage = " WITHOUT ROWID" if ends else ""
        _do(editor, f"DROP TABLE {_TABLE}", _create(columns) + storage)
        _fill(editor, _TABLE, _LINES, ends=ends)
        return
    key = f"{_KEY} INCLUDE (first, last)" if ends else _KEY
    columns = [_NUMBER, *(_ENDS if ends else []), _BATCH]
    attached = [_Part(*row, _checks(editor, row[0])) for row in _rows(editor, _ATTACHED)]
    detached = [_Part(row[0], "", _checks(editor, row[0])) for row in _rows(editor, _DETACHED)]
    # The keys of lines are those of their parts, so a cut table does not point to them.
    line = "line_id bigint NOT NULL" if attached else _LINE
    columns.append(line)
    _do(
        editor,
        *(f"DROP TABLE {part.name}" for part in detached),
        f"DROP TABLE {_TABLE}",
        _create([*columns, key] if attached else columns)
        + (" PARTITION BY RANGE (batch_id)" if attached else ""),
    )
    for part in attached:
        _do(editor, f"CREATE TABLE {part.name} PARTITION OF {_TABLE} {part.values}")
    for part in detached:
        _do(editor, f"CREATE TABLE {part.name} (LIKE {_TABLE} INCLUDING ALL)")
        _do(editor, f"ALTER TABLE {part.name} ADD FOREIGN KEY (batch_id) {_TO.format('catalog_batch')}")
    for part in (*attached, *detached):
        for check in part.checks:
            _do(editor, f"ALTER TABLE {part.name} ADD CONSTRAINT {part.name}_bounds {check}")
        _fill(editor, part.name, part.name.replace(_TABLE, _LINES), ends=ends)
    if not attached:
        _fill(editor, _TABLE, _LINES, ends=ends)
        _do(editor, f"ALTER TABLE {_TABLE} ADD {key}")
    _do(editor, f"ANALYZE {_TABLE}")


def _create(columns: list[str]) -> str:
    return f"CREATE TABLE {_TABLE} ({', '.join(columns)})"


def _checks(editor: BaseDatabaseSchemaEditor, name: str) -> list[str]:
    return [row[0] for row in _rows(editor, _BOUNDS, [f"{name}_bounds", name])]


def _fill(
    editor: BaseDatabaseSchemaEditor, table: str, lines: str, *, ends: bool
) -> None:
    columns = ["batch_id", "line_id", "chunk_no", *(["first", "last"] if ends else [])]
    question = (
        f"SELECT id, batch_id, units FROM {lines} WHERE id > %s ORDER BY id LIMIT {_LINES_AT_ONCE}"
    )
    last = 0
    while found := _rows(editor, question, [last]):
        rows = [
            (batch_id, line_id, *each)[: len(columns)]
            for line_id, batch_id, units in found
            for each in chunk_ends(to_set(units))
        ]
        _write(editor, table, columns, rows)
        last = found[-1][0]
    if editor.connection.vendor == "postgresql":
        # What is not looked at yet would forbid to alter the table.
        _do(editor, "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")


def _write(
    editor: BaseDatabaseSchemaEditor,
    table: str,
    columns: list[str],
    rows: list[tuple[int, ...]],
) -> None:
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    with editor.connection.cursor() as cursor:
        if editor.connection.vendor == "sqlite":
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            return
        with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _rows(
    editor: BaseDatabaseSchemaEditor, question: str, asked: list[Any] | None = None
) -> list[Any]:
    with editor.connection.cursor() as cursor:
        cursor.execute(question, asked)
        return list(cursor.fetchall())


def _do(editor: BaseDatabaseSchemaEditor, *statements: str) -> None:
    for each in statements:
        editor.execute(each, params=None)


class Migration(migrations.Migration):
    dependencies = [("custody", "0015_containers_compared_by_byte")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    "eventchunk",
                    "first",
                    models.PositiveSmallIntegerField(),
                    preserve_default=False,
                ),
                migrations.AddField(
                    "eventchunk",
                    "last",
                    models.PositiveSmallIntegerField(),
                    preserve_default=False,
                ),
            ],
            database_operations=[migrations.RunPython(with_ends, without)],
        )
    ]
