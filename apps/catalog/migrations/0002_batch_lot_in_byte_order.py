"""Lots compare byte by byte on PostgreSQL, as they do on SQLite.

A lot is a name in GS1's character set 82, not a word of a language: a linguistic
collation would sort it differently on every host and make the index slower.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_ALTER = "ALTER TABLE catalog_batch ALTER COLUMN lot TYPE varchar(20) COLLATE {}"


def to_bytes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the collation C; SQLite has it already under the name BINARY."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_ALTER.format('"C"'))


def to_language(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the database's own collation again."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_ALTER.format('"default"'))


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]

    operations = [migrations.RunPython(to_bytes, to_language)]
