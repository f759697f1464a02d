"""The serials of a pool and what was done with them stand for ever."""

from django.db import migrations

from apps.edge.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("pools", "0001_initial")]

    operations = [
        AppendOnly(
            table="pools_poolchunk",
            unique=[["id"], ["pool_id", "chunk_no"], ["rowid"]],
        ),
        AppendOnly(table="pools_poolmove", unique=[["id"], ["rowid"]]),
    ]
