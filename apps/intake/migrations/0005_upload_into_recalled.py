"""A maker says that it knows of the recall over its lot."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0004_upload_check_only")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="is_into_recalled",
            field=models.BooleanField(default=False),
        ),
    ]
