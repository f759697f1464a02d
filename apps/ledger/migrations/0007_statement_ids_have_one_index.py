"""A statement's id has one index: who asks for a beginning asks for a range of ids.

Django gave the column a second one for LIKE, which nobody uses: 125 bytes a statement,
and one more page, anywhere, for every append.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_LIKE = "ledger_statement_id_adfdff4c_like"


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Without it; SQLite never had any."""
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP INDEX IF EXISTS {_LIKE}")


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """As Django makes it."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE INDEX {_LIKE} ON ledger_statement (id varchar_pattern_ops)"
        )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_no_index_of_beginnings")]

    operations = [migrations.RunPython(drop, make)]
