"""Making it undeniable: the state of the tree and the heads that were signed."""

from django.db import models


class TreeState(models.Model):
    """The one row that says how far the log has grown; changed by compare-and-swap."""

    id = models.PositiveSmallIntegerField(primary_key=True)  # always 1
    size = models.BigIntegerField()
    root_hash = models.BinaryField(max_length=32)
    time_ms = models.BigIntegerField()
    is_quarantined = models.BooleanField(default=False)
    quarantine_reason = models.TextField(default="", blank=True)


class MapEntry(models.Model):
    """The map's value for one tag: how many leaves, which is the last."""

    tag = models.BinaryField(max_length=32, primary_key=True)
    count = models.BigIntegerField()
    head_leaf_hash = models.BinaryField(max_length=32)
    last_index = models.BigIntegerField()


class Checkpoint(models.Model):
    """A tree head and, once signed and published, its note."""

    size = models.BigIntegerField(primary_key=True)
    root_hash = models.BinaryField(max_length=32)
    map_root = models.BinaryField(max_length=32)
    time_ms = models.BigIntegerField()
    note = models.TextField(default="", blank=True)  # the signed note, once signed
    signed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
