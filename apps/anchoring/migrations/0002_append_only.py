"""Tree heads and their notes are evidence."""

from django.db import migrations

from apps.edge.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("anchoring", "0001_initial")]

    operations = [
        AppendOnly(table="anchoring_checkpoint", unique=[["size"], ["rowid"]]),
        AppendOnly(
            table="anchoring_signednote", unique=[["checkpoint_id"], ["rowid"]]
        ),
    ]
