"""A registry row names its batch in four bytes: 8 bytes less for every pack (ADR 40)."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_COLUMN = "ALTER TABLE custody_serialnumber ALTER COLUMN batch_id TYPE"


def to_four(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Each row anew; SQLite's numbers take what they need anyway."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f"{_COLUMN} integer")


def to_eight(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """As before."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f"{_COLUMN} bigint")


class Migration(migrations.Migration):
    dependencies = [("custody", "0013_references_as_bytes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("serialnumber", "batch_id", models.IntegerField())
            ],
            database_operations=[migrations.RunPython(to_four, to_eight)],
        )
    ]
