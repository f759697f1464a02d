"""What changed in the map since a size is read from the leaves, not from the map.

An index that every head of every run moved in goes: updates of heads stay in place.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("anchoring", "0007_anchor_facts")]

    operations = [
        migrations.AlterField(
            model_name="mapentry",
            name="last_index",
            field=models.BigIntegerField(),
        ),
    ]
