"""Calling it back: recalls, who was told, what was answered."""

import uuid

from django.db import models
from django.db.models import Q, UniqueConstraint

from apps.catalog.models import Batch, Product
from apps.partners.models import TradingPartner


class Recall(models.Model):
    """A recall as its signed statements say it; the id is that of recall.open."""

    id = models.CharField(max_length=64, primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    opened_by = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    recall_class = models.CharField(max_length=3)  # I, II, III (21 CFR 7.3(m))
    reason = models.TextField()
    instructions = models.TextField(default="", blank=True)
    depth = models.CharField(max_length=12)  # patient, retail, wholesale
    scope = models.JSONField()  # as signed last
    return_to = models.CharField(max_length=13, default="", blank=True)
    reference = models.CharField(max_length=80, default="", blank=True)
    opened_ms = models.BigIntegerField()
    closed_ms = models.BigIntegerField(null=True)
    flagged_at = models.DateTimeField(null=True)  # when the job wrote the notices
    # Event lines of the batches when it did: more of them means that goods moved.
    seen_lines = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["-opened_ms"], name="recall_opened"),
            models.Index(fields=["product", "closed_ms"], name="recall_product"),
        ]


class RecallChange(models.Model):
    """A signed recall.amend or recall.close: what the scope was before, and why."""

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="changes")
    statement_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=12)  # recall.amend, recall.close
    by = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    at_ms = models.BigIntegerField()
    reason = models.TextField()
    scope_before = models.JSONField()


class Notice(models.Model):
    """What one holder was told: how many of its units of a batch are affected."""

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="notices")
    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT)
    held_count = models.PositiveIntegerField()
    supplied_count = models.PositiveIntegerField(default=0)  # to patients or onwards
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["recall", "partner", "batch"], name="notice_once")
        ]


class Answer(models.Model):
    """A signed recall.answer of one holder for one batch; the last one counts."""

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="answers")
    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT)
    statement_id = models.CharField(max_length=64, unique=True)
    answered_ms = models.BigIntegerField()
    count = models.PositiveIntegerField()
    counts = models.JSONField()  # units by state
    note = models.TextField(default="", blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["recall", "partner", "batch"], name="answer_whose")
        ]


class Bundle(models.Model):
    """A bundle that somebody asked for, of one lot or of all lots of a recall.

    The file lies under its id until the sweep takes both away; it can always be built
    again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, null=True)
    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, null=True)
    # GLN of the only party it is for, which sees its own links; "" is the whole.
    reader = models.CharField(max_length=13, default="", blank=True)
    job_id = models.UUIDField(unique=True)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=400, default="", blank=True)
    tree_size = models.BigIntegerField(default=0)  # of the checkpoint it is under
    size_bytes = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="", blank=True)  # SHA-256, hex

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["batch", "reader"],
                condition=Q(finished_at=None, recall=None),
                name="bundle_open_lot_once",
            ),
            UniqueConstraint(
                fields=["recall", "reader"],
                condition=Q(finished_at=None, batch=None),
                name="bundle_open_recall_once",
            ),
            models.CheckConstraint(
                condition=Q(batch=None) ^ Q(recall=None), name="bundle_of_one_thing"
            ),
        ]
