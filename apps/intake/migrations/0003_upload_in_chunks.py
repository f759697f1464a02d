"""A file may come in chunks; until its last it is open, and nobody checks it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0002_upload_seed")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="missing_bytes",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="upload",
            name="received_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="upload",
            name="state",
            field=models.CharField(
                choices=[
                    ("receiving", "receiving"),
                    ("queued", "queued"),
                    ("checking", "checking"),
                    ("refused", "refused"),
                    ("staged", "staged"),
                    ("commissioned", "commissioned"),
                    ("cancelled", "cancelled"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint(model_name="upload", name="upload_open_once"),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ("receiving", "queued", "checking", "staged"))
                ),
                fields=("partner", "file_digest", "gtin", "lot", "expiry_date", "site"),
                name="upload_open_once",
            ),
        ),
    ]
