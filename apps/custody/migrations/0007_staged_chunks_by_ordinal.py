"""Staged serials are cut where their ordinals will be, as they are kept afterwards."""

from django.db import migrations

_CHUNK = 1_024


def cut_by_ordinal(apps, schema_editor):
    """Cut anew what was cut from its first serial on: a lot that waits to grow."""
    chunks = apps.get_model("custody", "StagedChunk").objects
    for staging in apps.get_model("custody", "Staging").objects.exclude(base=0):
        rest = -staging.base % _CHUNK
        if not rest:
            continue
        mine = chunks.filter(staging=staging)
        serials = [
            serial
            for row in mine.order_by("chunk_no")
            for serial in row.serials.split("\n")
        ]
        mine.delete()
        starts = [0, *range(rest, len(serials), _CHUNK)]
        chunks.bulk_create(
            chunks.model(
                staging=staging,
                chunk_no=number,
                serials="\n".join(serials[start : rest + number * _CHUNK]),
            )
            for number, start in enumerate(starts)
        )


class Migration(migrations.Migration):
    dependencies = [("custody", "0006_closings_append_only")]

    # Back: nothing to do, the older reader takes chunks of any length.
    operations = [migrations.RunPython(cut_by_ordinal, migrations.RunPython.noop)]
