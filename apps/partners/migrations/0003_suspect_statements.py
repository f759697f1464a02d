# What a suspect key signed is found, and said again by its party.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0002_invitation'),
    ]

    operations = [
        migrations.CreateModel(
            name='LentVoice',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('device_keyid', models.CharField(db_index=True, max_length=64)),
                ('site', models.CharField(max_length=13)),
                ('from_ms', models.BigIntegerField()),
                ('to_ms', models.BigIntegerField()),
                ('seen_in', models.CharField(max_length=64)),
                ('lender', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lent_voices', to='partners.signingkey')),
            ],
        ),
        migrations.CreateModel(
            name='Reattestation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('statement_id', models.CharField(max_length=64)),
                ('keyid', models.CharField(max_length=64)),
                ('said_in', models.CharField(max_length=64)),
                ('accepted_ms', models.BigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('statement_id', 'keyid'), name='reattestation_once')],
            },
        ),
        migrations.AddIndex(
            model_name='signingkey',
            index=models.Index(condition=models.Q(('suspect_since_ms__isnull', False)), fields=['partner'], name='signingkey_suspect'),
        ),
    ]
