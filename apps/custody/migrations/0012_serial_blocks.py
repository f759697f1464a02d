"""Cold lots: registry rows in blocks of 512, compared by byte like the rows they were."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_COLUMNS = (
    "ALTER TABLE custody_serialblock ALTER COLUMN first TYPE varchar(20) COLLATE {0},"
    " ALTER COLUMN last TYPE varchar(20) COLLATE {0}"
)


def to_bytes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """A block is found by the order of its edges: no upgrade may change that order."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_COLUMNS.format('"C"'))


def to_language(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Back to the database's own collation."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_COLUMNS.format('"default"'))


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_batch_lot_in_byte_order'),
        ('custody', '0011_one_index_each'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchivedBatch',
            fields=[
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, serialize=False, to='catalog.batch')),
                ('archived_at', models.DateTimeField()),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, to='catalog.product')),
            ],
        ),
        migrations.CreateModel(
            name='SerialBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.CharField(max_length=20)),
                ('last', models.CharField(max_length=20)),
                ('count', models.PositiveIntegerField()),
                ('serials', models.TextField()),
                ('ordinals', models.BinaryField()),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='custody.archivedbatch')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('batch', 'first'), name='serial_block_first')],
            },
        ),
        migrations.RunPython(to_bytes, to_language),
    ]
