"""Serial chunks are evidence; serials compare by byte, whatever the language."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.edge.append_only import AppendOnly

_COLUMN = "ALTER TABLE custody_serialnumber ALTER COLUMN serial TYPE varchar(20)"


def to_bytes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """An upgrade of the system's collations must not let a serial in twice."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f'{_COLUMN} COLLATE "C"')


def to_language(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Back to the database's own collation."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_COLUMN)


class Migration(migrations.Migration):
    dependencies = [("custody", "0001_initial")]

    operations = [
        migrations.RunPython(to_bytes, to_language),
        AppendOnly(
            table="custody_serialchunk",
            unique=[["id"], ["batch_id", "chunk_no", "first"], ["rowid"]],
        ),
    ]
