# A shift: the site knows which device key speaks for whom, and when that ended.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0004_lent_voices_of_earlier_statements'),
    ]

    operations = [
        migrations.CreateModel(
            name='Shift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('device_keyid', models.CharField(max_length=64, unique=True)),
                ('lender_keyid', models.CharField(max_length=64)),
                ('site', models.CharField(max_length=13)),
                ('from_ms', models.BigIntegerField()),
                ('to_ms', models.BigIntegerField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='partners.tradingpartner')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
