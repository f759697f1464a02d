"""Pools: serials in chunks, their states as sets of numbers, and what was done."""

import uuid

from django.db import models
from django.db.models import UniqueConstraint

from apps.catalog.models import Product
from apps.partners.models import TradingPartner, User


class PoolState(models.TextChoices):
    """Where a pool as a whole stands."""

    GENERATING = "generating", "generating"
    OPEN = "open", "open"
    FAILED = "failed", "failed"  # its serials were never made
    CLOSED = "closed", "closed"  # what was left is destroyed


class MoveKind(models.TextChoices):
    """What happened to serials of a pool."""

    RESERVED = "reserved", "reserved"
    NAMED = "named", "named"  # lot and expiry date
    PRINTED = "printed", "printed"
    DESTROYED = "destroyed", "destroyed"
    COMMISSIONED = "commissioned", "commissioned"


class Pool(models.Model):
    """Serials of one product that nobody else may use.

    A serial's number is its place in the pool, from 0. It is reserved until it stands in
    one of the three sets, which are disjoint.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    partner = models.ForeignKey(TradingPartner, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    size = models.PositiveIntegerField()
    length = models.PositiveSmallIntegerField()  # characters of each serial
    known_units = models.BigIntegerField()  # valid serials of the product, these too
    lot = models.CharField(max_length=20, default="", blank=True)
    expiry_date = models.DateField(null=True)
    state = models.CharField(
        max_length=12, choices=PoolState.choices, default=PoolState.GENERATING
    )
    job_id = models.UUIDField(null=True)
    printed = models.BinaryField(default=b"")
    commissioned = models.BinaryField(default=b"")
    destroyed = models.BinaryField(default=b"")
    printed_count = models.PositiveIntegerField(default=0)
    commissioned_count = models.PositiveIntegerField(default=0)
    destroyed_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["partner", "-created_at"], name="pool_partner_at")
        ]

    @property
    def reserved_count(self) -> int:
        """Serials that are neither printed nor commissioned nor destroyed."""
        taken = self.printed_count + self.commissioned_count + self.destroyed_count
        return self.size - taken


class PoolChunk(models.Model):
    """1,024 serials of a pool by number; the last chunk may hold fewer (evidence)."""

    pool = models.ForeignKey(
        Pool, on_delete=models.DO_NOTHING, related_name="chunks", db_index=False
    )
    chunk_no = models.PositiveIntegerField()
    serials = models.TextField()  # a newline between serials

    class Meta:
        constraints = [
            UniqueConstraint(fields=["pool", "chunk_no"], name="pool_chunk_no")
        ]


class PoolMove(models.Model):
    """What somebody did to serials of a pool; append only."""

    pool = models.ForeignKey(Pool, on_delete=models.DO_NOTHING, related_name="moves")
    kind = models.CharField(max_length=12, choices=MoveKind.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=150, default="", blank=True)  # the person's name
    count = models.PositiveIntegerField()
    units = models.BinaryField(default=b"")
    reason = models.CharField(max_length=200, default="", blank=True)
    ref = models.CharField(max_length=76, default="", blank=True)  # of a statement


class PoolClaim(models.Model):
    """Numbers of a pool that wait, staged, for their maker's signature."""

    staging_id = models.UUIDField(db_index=True)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="claims")
    units = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["staging_id", "pool"], name="pool_claim_once")
        ]
