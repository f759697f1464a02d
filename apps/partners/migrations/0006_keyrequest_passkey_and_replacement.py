# A request may bring a passkey, which its credential names, and may replace a key.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0005_shift'),
    ]

    operations = [
        migrations.AddField(
            model_name='keyrequest',
            name='credential_id',
            field=models.CharField(blank=True, default='', max_length=1400),
        ),
        migrations.AddField(
            model_name='keyrequest',
            name='replaces',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='keyrequest',
            name='lost_since',
            field=models.DateField(null=True),
        ),
    ]
