"""PostgreSQL keeps one index of leaves by statement, where Django makes two.

The one that stays (varchar_pattern_ops) answers equality too, and compares bytes in
every locale. Each leaf paid for both.
"""

from django.db import migrations

_INDEX = "ledger_leaf_statement_id_24963040"


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {_INDEX}")


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"CREATE INDEX {_INDEX} ON ledger_leaf (statement_id)")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_accept_no_sequence")]

    operations = [migrations.RunPython(drop, create)]
