"""One element of a vector is read where it lies, so that a scan needs no second look."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# SQLite gets the same function when it connects: apps/custody/formats.py.
_MAKE = """
CREATE OR REPLACE FUNCTION vector_at(vector bytea, place integer) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT get_byte(vector, 4 * place)::bigint
       | (get_byte(vector, 4 * place + 1)::bigint << 8)
       | (get_byte(vector, 4 * place + 2)::bigint << 16)
       | (get_byte(vector, 4 * place + 3)::bigint << 24)
$$
"""


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """`vector_at(vector, place)`: the little-endian u32 at `place`."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_MAKE)


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Without it."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION vector_at(bytea, integer)")


class Migration(migrations.Migration):
    dependencies = [("custody", "0007_staged_chunks_by_ordinal")]

    operations = [migrations.RunPython(make, drop)]
