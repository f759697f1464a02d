"""What the nightly check of conservation found last."""

from django.db import models

from apps.catalog.models import Batch


class Imbalance(models.Model):
    """A batch in which packs are lost or doubled; the row goes when it is well again."""

    batch = models.OneToOneField(
        Batch, on_delete=models.CASCADE, primary_key=True, related_name="imbalance"
    )
    faults = models.JSONField()  # in words, the first ones
    since_at = models.DateTimeField()
    seen_at = models.DateTimeField()


class ConservationRun(models.Model):
    """How far the check is; one row. It begins anew when it has reached the end."""

    id = models.PositiveSmallIntegerField(primary_key=True)  # always 1
    last_batch = models.BigIntegerField(default=0)  # row of the last one checked
    batches = models.BigIntegerField(default=0)  # checked in this run
    holdings = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)  # of the last run to the end
