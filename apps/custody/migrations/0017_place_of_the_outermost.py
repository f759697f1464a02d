"""A container inside another has no place of its own: it is where that one is (ADR 43).

A transfer of a pallet wrote each of its cases anew, with an entry in every index.
"""

from django.db import migrations, models

_FORGET = """
UPDATE custody_container SET holder = '', site = '', status = ''
WHERE parent_id IS NOT NULL
"""
_SAY_AGAIN = """
WITH RECURSIVE placed(id, holder, site, status) AS (
  SELECT id, holder, site, status FROM custody_container WHERE parent_id IS NULL
  UNION ALL SELECT c.id, p.holder, p.site, p.status
  FROM placed p JOIN custody_container c ON c.parent_id = p.id)
UPDATE custody_container
SET holder = placed.holder, site = placed.site, status = placed.status
FROM placed
WHERE placed.id = custody_container.id AND custody_container.parent_id IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("custody", "0016_ends_in_chunks")]

    operations = [
        *(
            migrations.AlterField(
                "container",
                name,
                models.CharField(blank=True, default="", max_length=length),
            )
            for name, length in (("holder", 13), ("site", 13), ("status", 20))
        ),
        # Before the rows: each of them would be taken out of the whole index.
        migrations.RemoveIndex("container", "container_holder"),
        migrations.RunSQL(_FORGET, _SAY_AGAIN),
        migrations.AddIndex(
            "container",
            models.Index(
                condition=models.Q(("parent__isnull", True)),
                fields=["holder", "status"],
                name="container_holder",
            ),
        ),
        migrations.AddConstraint(
            "container",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("parent__isnull", True),
                        models.Q(
                            ("holder", ""),
                            ("site", ""),
                            ("status", ""),
                            _connector="OR",
                            _negated=True,
                        ),
                    ),
                    models.Q(
                        ("holder", ""),
                        ("parent__isnull", False),
                        ("site", ""),
                        ("status", ""),
                    ),
                    _connector="OR",
                ),
                name="container_place",
            ),
        ),
    ]
