# Who proposed, and how it ended: recorded, withdrawn, expired.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0006_keyrequest_passkey_and_replacement'),
    ]

    operations = [
        migrations.AddField(
            model_name='proposal',
            name='outcome',
            field=models.CharField(blank=True, choices=[('recorded', 'recorded'), ('withdrawn', 'withdrawn'), ('expired', 'expired')], default='', max_length=9),
        ),
        migrations.AddField(
            model_name='proposal',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
        ),
    ]
