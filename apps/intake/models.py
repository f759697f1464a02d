"""The bulk door: files of serials on their way to a signature."""

import uuid

from django.db import models

from apps.partners.models import TradingPartner, User


class UploadState(models.TextChoices):
    """Where an upload stands."""

    QUEUED = "queued", "queued"
    CHECKING = "checking", "checking"
    REFUSED = "refused", "refused"
    STAGED = "staged", "staged"
    COMMISSIONED = "commissioned", "commissioned"
    CANCELLED = "cancelled", "cancelled"


class Upload(models.Model):
    """One file of serials for one lot."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    gtin = models.CharField(max_length=14)
    lot = models.CharField(max_length=20)
    expiry_date = models.DateField()
    site = models.CharField(max_length=13)
    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)  # SHA-256, hex
    size_bytes = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=UploadState.choices, default=UploadState.QUEUED
    )
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    error_count = models.PositiveIntegerField(default=0)
    staging_id = models.UUIDField(null=True)
    statement_id = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)


class UploadError(models.Model):
    """One line that cannot be taken: what was got, what was wanted."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="errors")
    line_no = models.PositiveIntegerField()  # 1 is the first line of the file
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=40, default="", blank=True)
    got = models.CharField(max_length=200, default="", blank=True)
    wanted = models.CharField(max_length=200, default="", blank=True)
