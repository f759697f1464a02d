"""A hold is somebody's for one reason, and lifted for the same."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("custody", "0003_sealed_seeds")]

    operations = [
        migrations.RemoveConstraint(model_name="batchhold", name="batch_hold_owner"),
        migrations.AddConstraint(
            model_name="batchhold",
            constraint=models.UniqueConstraint(
                fields=("batch", "owner", "reason"), name="batch_hold_owner_reason"
            ),
        ),
    ]
