"""Tokens are evidence."""

from django.db import migrations

from apps.edge.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("anchoring", "0004_anchors")]

    operations = [
        AppendOnly(
            table="anchoring_anchortoken",
            unique=[["id"], ["tree_size", "name"], ["commitment"], ["rowid"]],
        ),
    ]
