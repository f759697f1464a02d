"""Closings of the books, prepared and signed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('custody', '0004_batch_hold_by_reason'),
    ]

    operations = [
        migrations.CreateModel(
            name='Closing',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('statement_id', models.CharField(max_length=64, unique=True)),
                ('statements', models.BigIntegerField()),
                ('digest', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='ClosingDraft',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('legal_basis', models.TextField()),
                ('indices', models.JSONField()),
                ('statements', models.BigIntegerField()),
                ('last_event', models.BigIntegerField()),
                ('digest', models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='ClosingDraftPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='custody.closingdraft')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('draft', 'number'), name='closing_draft_part')],
            },
        ),
        migrations.CreateModel(
            name='ClosingPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('closing', models.ForeignKey(on_delete=django.db.models.deletion.DO_NOTHING, related_name='parts', to='custody.closing')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('closing', 'number'), name='closing_part_number')],
            },
        ),
    ]
