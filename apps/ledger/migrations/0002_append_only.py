"""Evidence is never changed; what is sealed goes only where an erasure names it."""

from django.db import migrations

from apps.edge.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    # "rowid": on SQLite a replacing insert may name the row by it, too.
    operations = [
        AppendOnly(table="ledger_statement", unique=[["id"], ["accept_no"], ["rowid"]]),
        AppendOnly(
            table="ledger_leaf",
            unique=[["index"], ["tag", "chain_seq"], ["leaf_hash"], ["rowid"]],
        ),
        AppendOnly(table="ledger_erasure", unique=[["statement_id"], ["rowid"]]),
        AppendOnly(
            table="ledger_vault",
            unique=[["statement_id"], ["rowid"]],
            delete_when="EXISTS (SELECT 1 FROM ledger_erasure"
            " WHERE statement_id = OLD.statement_id)",
        ),
    ]
