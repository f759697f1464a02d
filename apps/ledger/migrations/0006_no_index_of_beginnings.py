"""Nobody asks for the beginning of a statement's id in vault or queue.

Django gave each of these columns a second index for LIKE. Ids are hashes: every append
wrote to one more page somewhere, and after a checkpoint all of it to the log.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_LIKE = {
    "ledger_vault": "ledger_vault_statement_id_8b9f998b_like",
    "ledger_pending": "ledger_pending_statement_id_36e8b303_like",
}


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Without them; SQLite never had any."""
    if editor.connection.vendor == "postgresql":
        for name in _LIKE.values():
            editor.execute(f"DROP INDEX IF EXISTS {name}")


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """As Django makes them."""
    if editor.connection.vendor == "postgresql":
        for table, name in _LIKE.items():
            editor.execute(
                f"CREATE INDEX {name} ON {table} (statement_id varchar_pattern_ops)"
            )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_leaves_name_stored_statements")]

    operations = [migrations.RunPython(drop, make)]
