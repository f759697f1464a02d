"""EPCs of containers compare by byte: one index answers beginnings and whole ones.

Django gave the column a second index for LIKE; a transfer of a pallet entered each of
its cases there too.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_COLUMN = "ALTER TABLE custody_container ALTER COLUMN epc TYPE varchar(80)"
_LIKE = "custody_container_epc_18015264_like"


def to_bytes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """One index."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP INDEX IF EXISTS {_LIKE}")
        editor.execute(f'{_COLUMN} COLLATE "C"')


def to_language(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Two, as Django makes them."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_COLUMN)
        editor.execute(
            f"CREATE INDEX {_LIKE} ON custody_container (epc varchar_pattern_ops)"
        )


class Migration(migrations.Migration):
    dependencies = [("custody", "0014_batch_in_four_bytes")]

    operations = [migrations.RunPython(to_bytes, to_language)]
