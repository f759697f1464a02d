"""Parts of a vector are replaced where it lies, so that nobody reads it to write it."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_MAKE = """
CREATE OR REPLACE FUNCTION vector_changed(
  vector bytea, places integer[], news bytea[], olds bytea[]
) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  start integer;
  size integer;
  place integer;
BEGIN
  FOR i IN 1 .. coalesce(array_length(places, 1), 0) LOOP
    start := 4 * places[i] + 1;
    size := length(news[i]);
    IF length(olds[i]) = 0 OR substring(vector FROM start FOR size) = olds[i] THEN
      vector := overlay(vector PLACING news[i] FROM start FOR size);
      CONTINUE;
    END IF;
    FOR k IN 0 .. size / 4 - 1 LOOP
      place := start + 4 * k;
      IF substring(vector FROM place FOR 4) = substring(olds[i] FROM 1 FOR 4) THEN
        vector := overlay(
          vector PLACING substring(news[i] FROM 1 FOR 4) FROM place FOR 4
        );
      END IF;
    END LOOP;
  END LOOP;
  RETURN vector;
END
$$
"""
# Whole trees of containers: from each one up to its root, and all that is below.
_TREES = """
CREATE OR REPLACE FUNCTION container_trees(starts bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE STRICT ROWS 10
SET jit = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF array_length(starts, 1) IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
  WITH RECURSIVE up(id, parent_id) AS (
    SELECT c.id, c.parent_id FROM custody_container c WHERE c.id = ANY(starts)
    UNION SELECT c.id, c.parent_id FROM up JOIN custody_container c
      ON c.id = up.parent_id),
  tree(id) AS (
    SELECT up.id FROM up
    UNION SELECT c.id FROM tree JOIN custody_container c ON c.parent_id = tree.id)
  SELECT tree.id FROM tree;
END
$$
"""


def make(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """`vector_changed(vector, places, news, olds)`, one change after the other.

    From each place on stands what `news` has of u32; where `olds` has as many, only in
    place of those. SQLite changes vectors in the writer's own process.
    """
    if editor.connection.vendor == "postgresql":
        editor.execute(_MAKE)
        editor.execute(_TREES)


def drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Without it."""
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION container_trees(bigint[])")
        editor.execute(
            "DROP FUNCTION vector_changed(bytea, integer[], bytea[], bytea[])"
        )


class Migration(migrations.Migration):
    dependencies = [("custody", "0008_vector_at")]

    operations = [migrations.RunPython(make, drop)]
