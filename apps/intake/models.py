"""The bulk door: files of serials on their way to a signature."""

import uuid

from django.db import models
from django.db.models import Q, UniqueConstraint

from apps.partners.models import TradingPartner, User


class UploadState(models.TextChoices):
    """Where an upload stands."""

    RECEIVING = "receiving", "receiving"
    QUEUED = "queued", "queued"
    CHECKING = "checking", "checking"
    REFUSED = "refused", "refused"
    CHECKED = "checked", "checked"  # it holds, and was to be checked only
    STAGED = "staged", "staged"
    COMMISSIONED = "commissioned", "commissioned"
    CANCELLED = "cancelled", "cancelled"


UNCHECKED_STATES = (UploadState.QUEUED, UploadState.CHECKING)
OPEN_STATES = (UploadState.RECEIVING, *UNCHECKED_STATES, UploadState.STAGED)


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
    missing_bytes = models.BigIntegerField(default=0)  # that are still to come
    received_at = models.DateTimeField(
        null=True
    )  # the last chunk, if it came in chunks
    state = models.CharField(
        max_length=12, choices=UploadState.choices, default=UploadState.QUEUED
    )
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    error_count = models.PositiveIntegerField(default=0)
    is_check_only = models.BooleanField(default=False)  # nothing of it is to be staged
    is_into_recalled = models.BooleanField(
        default=False
    )  # its maker knows of the recall
    job_id = models.UUIDField(null=True)
    staging_id = models.UUIDField(null=True)
    seed = models.BinaryField(
        max_length=32, null=True
    )  # the maker's own, if it gave one
    base = models.PositiveIntegerField(null=True)  # units of the lot when staged
    root = models.BinaryField(max_length=32, null=True)  # of the staged serials
    is_born_recalled = models.BooleanField(default=False)  # an open recall covers it
    statement_id = models.CharField(max_length=64, default="", blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # One seed, one file: a root stands for one upload alone.
            UniqueConstraint(fields=["seed"], name="upload_seed_once"),
            # The same file for the same lot is one upload while it is open.
            UniqueConstraint(
                fields=[
                    *("partner", "file_digest", "gtin", "lot", "expiry_date", "site"),
                    "is_check_only",
                ],
                condition=Q(state__in=OPEN_STATES),
                name="upload_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "-created_at"], name="upload_partner_at")
        ]

    @property
    def received_bytes(self) -> int:
        """How much of the file lies here."""
        return self.size_bytes - self.missing_bytes


class UploadError(models.Model):
    """One line that cannot be taken: what was got, what was wanted."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="errors")
    line_no = models.PositiveIntegerField()  # 1 is the first line, 0 the whole file
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=40, default="", blank=True)
    got = models.CharField(max_length=200, default="", blank=True)
    wanted = models.CharField(max_length=200, default="", blank=True)
    row = models.CharField(max_length=200, default="", blank=True)  # what stood there

    class Meta:
        indexes = [models.Index(fields=["upload", "line_no"], name="upload_error_line")]
