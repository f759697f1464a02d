"""A closing stays for ever; its snapshot goes only where a newer one stands."""

from django.db import migrations

from apps.edge.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("custody", "0005_closings")]

    operations = [
        AppendOnly(
            table="custody_closing",
            unique=[["number"], ["statement_id"], ["rowid"]],
        ),
        AppendOnly(
            table="custody_closingpart",
            unique=[["id"], ["closing_id", "number"], ["rowid"]],
            delete_when="EXISTS (SELECT 1 FROM custody_closing"
            " WHERE number > OLD.closing_id)",
        ),
    ]
