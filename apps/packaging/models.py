"""The packaging line: files of what is packed in what, and label runs."""

import uuid

from django.db import models
from django.db.models import Q, UniqueConstraint

from apps.catalog.models import Batch
from apps.partners.models import TradingPartner, User
from apps.pools.models import Pool


class AggregationState(models.TextChoices):
    """Where a file of packing stands."""

    QUEUED = "queued", "queued"
    CHECKING = "checking", "checking"
    REFUSED = "refused", "refused"
    STAGED = "staged", "staged"
    SIGNED = "signed", "signed"
    CANCELLED = "cancelled", "cancelled"


UNCHECKED_STATES = (AggregationState.QUEUED, AggregationState.CHECKING)
OPEN_STATES = (*UNCHECKED_STATES, AggregationState.STAGED)


class Aggregation(models.Model):
    """One file that says which packs are in which cases, on which pallets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    gtin = models.CharField(max_length=14)
    lot = models.CharField(max_length=20, default="", blank=True)  # "": mixed lots
    site = models.CharField(max_length=13)
    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)  # SHA-256, hex
    size_bytes = models.BigIntegerField()
    state = models.CharField(
        max_length=12,
        choices=AggregationState.choices,
        default=AggregationState.QUEUED,
    )
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    error_count = models.PositiveIntegerField(default=0)
    pallets = models.PositiveIntegerField(default=0)
    cases = models.PositiveIntegerField(default=0)
    packs = models.PositiveIntegerField(default=0)
    loose = models.PositiveIntegerField(default=0)
    subjects = models.JSONField(default=list)  # as the statement will name them
    body = models.JSONField(default=dict)  # count and digest of its events
    job_id = models.UUIDField(null=True)
    statement_id = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # The same file is one aggregation while it is open.
            UniqueConstraint(
                fields=["partner", "file_digest", "gtin", "lot", "site"],
                condition=Q(state__in=OPEN_STATES),
                name="aggregation_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["partner", "-created_at"], name="aggregation_partner_at"
            )
        ]


class AggregationError(models.Model):
    """One line that cannot be taken: what was got, what was wanted."""

    aggregation = models.ForeignKey(
        Aggregation, on_delete=models.CASCADE, related_name="errors"
    )
    line_no = models.PositiveIntegerField()  # 0 speaks of the whole file
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=40, default="", blank=True)
    got = models.CharField(max_length=200, default="", blank=True)
    wanted = models.CharField(max_length=200, default="", blank=True)
    row = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["aggregation", "line_no"], name="aggregation_error_line"
            )
        ]


class AggregationDraft(models.Model):
    """The id of a statement that somebody was given to sign."""

    statement_id = models.CharField(max_length=64, primary_key=True)
    aggregation = models.ForeignKey(
        Aggregation, on_delete=models.CASCADE, related_name="drafts"
    )


class RunState(models.TextChoices):
    """Where a label run stands."""

    QUEUED = "queued", "queued"
    MAKING = "making", "making"
    READY = "ready", "ready"
    FAILED = "failed", "failed"
    EXPIRED = "expired", "expired"


class RunKind(models.TextChoices):
    """For which kind of printer."""

    PDF = "pdf", "PDF"
    ZPL = "zpl", "ZPL"
    CSV = "csv", "CSV"


class LabelRun(models.Model):
    """Labels of serials of a pool, or of packs of a batch, as one file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, null=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True)
    kind = models.CharField(max_length=4, choices=RunKind.choices)
    gtin = models.CharField(max_length=14)
    lot = models.CharField(max_length=20)
    expiry_date = models.DateField()
    count = models.PositiveIntegerField()
    units = models.BinaryField()  # numbers of the pool, or ordinals of the batch
    state = models.CharField(
        max_length=8, choices=RunState.choices, default=RunState.QUEUED
    )
    job_id = models.UUIDField(null=True)
    size_bytes = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)  # the last time, and by whom
    fetched_by = models.CharField(max_length=150, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pool=None, batch__isnull=False)
                | Q(pool__isnull=False, batch=None),
                name="label_run_of_one",
            )
        ]
        indexes = [
            models.Index(fields=["partner", "-created_at"], name="label_run_partner_at")
        ]
