"""A file may be checked alone; that is another upload than one to be signed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0003_upload_in_chunks")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="is_check_only",
            field=models.BooleanField(default=False),
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
                    ("checked", "checked"),
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
                fields=(
                    "partner",
                    "file_digest",
                    "gtin",
                    "lot",
                    "expiry_date",
                    "site",
                    "is_check_only",
                ),
                name="upload_open_once",
            ),
        ),
    ]
