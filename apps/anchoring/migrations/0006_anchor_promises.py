"""Stamps that were promised and not given yet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("anchoring", "0005_anchor_tokens_append_only")]

    operations = [
        migrations.CreateModel(
            name="AnchorPromise",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=8)),
                ("tree_size", models.BigIntegerField()),
                ("root_hash", models.BinaryField(max_length=32)),
                ("state", models.BinaryField()),
                ("version", models.PositiveIntegerField(default=0)),
                ("note", models.CharField(max_length=120)),
                ("begun_at", models.DateTimeField()),
                ("look_at", models.DateTimeField()),
            ],
        ),
    ]
