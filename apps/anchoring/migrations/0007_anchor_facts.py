"""What a token's kind publishes beside it; a time only where one was checked."""

from django.db import migrations, models

from apps.edge.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("anchoring", "0006_anchor_promises")]

    operations = [
        migrations.AddField(
            model_name="anchortoken",
            name="facts",
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name="anchortoken",
            name="stamped_at",
            field=models.DateTimeField(null=True),
        ),
        # SQLite builds the table anew to alter it, without its triggers.
        AppendOnly(
            table="anchoring_anchortoken",
            unique=[["id"], ["tree_size", "name"], ["commitment"], ["rowid"]],
        ),
    ]
