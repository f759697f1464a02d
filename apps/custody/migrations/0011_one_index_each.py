"""One index for each question: those that repeat another one go.

Columns of text had a second index for LIKE, foreign keys one beside a constraint that
begins with them, chunks of events a number that nobody asked for.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_COPY = """
INSERT INTO custody_eventchunk (batch_id, chunk_no, line_id)
SELECT batch_id, chunk_no, line_id FROM custody_eventchunknumbered
ORDER BY batch_id, chunk_no, line_id
"""
_BACK = """
INSERT INTO custody_eventchunknumbered (batch_id, chunk_no, line_id)
SELECT batch_id, chunk_no, line_id FROM custody_eventchunk
"""


def copy(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The chunks, by their key."""
    _run(editor, _COPY)


def copy_back(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """The chunks, numbered again."""
    _run(editor, _BACK)


def _run(editor: BaseDatabaseSchemaEditor, question: str) -> None:
    editor.execute(question)
    if editor.connection.vendor == "postgresql":
        # What is not looked at yet would forbid to alter the table.
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    dependencies = [("custody", "0010_conservation")]

    operations = [
        migrations.AlterField("event", "ref", models.CharField(max_length=76)),
        migrations.AddConstraint(
            "event", models.UniqueConstraint(fields=["ref"], name="event_ref")
        ),
        migrations.AlterField("event", "statement_id", models.CharField(max_length=64)),
        migrations.AlterField(
            "event",
            "parent_ref",
            models.CharField(blank=True, default="", max_length=76),
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["statement_id"], name="event_statement")
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["parent_ref"], name="event_parent")
        ),
        migrations.AlterField(
            "eventline",
            "batch",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                to="catalog.batch",
            ),
        ),
        migrations.AlterField(
            "containerline",
            "container",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="lines",
                to="custody.container",
            ),
        ),
        migrations.AlterField(
            "shipmentline",
            "shipment",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="lines",
                to="custody.shipment",
            ),
        ),
        migrations.RenameModel("EventChunk", "EventChunkNumbered"),
        migrations.CreateModel(
            name="EventChunk",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch_id",
                        "chunk_no",
                        "line_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("chunk_no", models.PositiveIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="catalog.batch",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="custody.eventline",
                    ),
                ),
            ],
        ),
        migrations.RunPython(copy, copy_back),
        migrations.DeleteModel("EventChunkNumbered"),
    ]
