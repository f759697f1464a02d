"""Numbers of acceptance come from one sequence without a cache (PostgreSQL).

On SQLite the single writer counts for itself.
"""

from django.db import migrations


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE SEQUENCE ledger_accept_no AS bigint CACHE 1")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP SEQUENCE ledger_accept_no")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]

    operations = [migrations.RunPython(create, drop)]
