"""Seeds of signed commissionings are sealed: they go only where an erasure names them."""

from django.db import migrations

from apps.edge.append_only import AppendOnly


class Migration(migrations.Migration):
    # The trigger reads the erasures of the ledger.
    dependencies = [
        ("custody", "0002_append_only_and_byte_order"),
        ("ledger", "0002_append_only"),
    ]

    # Staged serials have tables of their own and are copied here at the signature, in
    # its transaction. So no condition is needed that tells signed rows from others.
    operations = [
        AppendOnly(
            table="custody_commissioning",
            unique=[["id"], ["statement_id"], ["batch_id", "base"], ["rowid"]],
            delete_when="EXISTS (SELECT 1 FROM ledger_erasure"
            " WHERE statement_id = OLD.statement_id)",
        ),
    ]
