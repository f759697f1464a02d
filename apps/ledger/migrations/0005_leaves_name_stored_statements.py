"""PostgreSQL checks once an insert, not once a leaf, that the statements are there.

Its foreign keys look up every row, a tenth of what a backlog costs; this trigger looks
up every statement that an insert names, and session_replication_role does not switch
it off. The other half of the key, that no statement goes while leaves name it, is held
by `ledger_statement_append_only`. SQLite keeps its foreign key.
"""

from django.db import migrations

_KEY = "ledger_leaf_statement_id_24963040_fk_ledger_statement_id"
_NAME = "ledger_leaf_names_statement"

_FORWARDS = (
    f"""CREATE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT DISTINCT statement_id FROM fresh WHERE statement_id IS NOT NULL
        ) AS named
        WHERE NOT EXISTS (
            SELECT FROM ledger_statement WHERE id = named.statement_id
        )
    ) THEN
        RAISE EXCEPTION 'ledger_leaf names a statement that is not stored'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$""",
    f"CREATE TRIGGER {_NAME} AFTER INSERT ON ledger_leaf"
    " REFERENCING NEW TABLE AS fresh"
    f" FOR EACH STATEMENT EXECUTE FUNCTION {_NAME}()",
    f"ALTER TABLE ledger_leaf ENABLE ALWAYS TRIGGER {_NAME}",
    f"ALTER TABLE ledger_leaf DROP CONSTRAINT IF EXISTS {_KEY}",
)
_BACKWARDS = (
    f"ALTER TABLE ledger_leaf ADD CONSTRAINT {_KEY} FOREIGN KEY (statement_id)"
    " REFERENCES ledger_statement (id) DEFERRABLE INITIALLY DEFERRED",
    f"DROP FUNCTION {_NAME}() CASCADE",
)


def forwards(apps, schema_editor):
    _run(schema_editor, _FORWARDS)


def backwards(apps, schema_editor):
    _run(schema_editor, _BACKWARDS)


def _run(schema_editor, statements):
    if schema_editor.connection.vendor == "postgresql":
        for sql in statements:
            schema_editor.execute(sql)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_one_index_of_leaves_by_statement")]

    operations = [migrations.RunPython(forwards, backwards)]
