"""Serials of batches: waiting for a signature, or commissioned and kept for ever."""

from django.db import models
from django.db.models import UniqueConstraint

from apps.catalog.models import Batch, Product
from apps.partners.models import TradingPartner


class SerialNumber(models.Model):
    """The registry: a serial of a product, where its pack stands in its batch."""

    pk = models.CompositePrimaryKey("product_id", "serial")
    product = models.ForeignKey(
        Product, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False
    )
    serial = models.CharField(max_length=20)
    batch_id = models.IntegerField()  # with the ordinal it fills eight bytes
    ordinal = models.PositiveIntegerField()


class ArchivedBatch(models.Model):
    """A cold lot whose registry rows were put into blocks (ADR 38)."""

    batch = models.OneToOneField(Batch, on_delete=models.DO_NOTHING, primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.DO_NOTHING)
    archived_at = models.DateTimeField()


class SerialBlock(models.Model):
    """512 registry rows of an archived batch in one, sorted by the bytes of serials.

    `serials` begins and ends with a newline, so that each stands between two;
    `ordinals` are little-endian u32 in the same order. Compared by byte, as serials are.
    """

    batch = models.ForeignKey(
        ArchivedBatch, on_delete=models.DO_NOTHING, db_index=False
    )
    first = models.CharField(max_length=20)
    last = models.CharField(max_length=20)
    count = models.PositiveIntegerField()
    serials = models.TextField()
    ordinals = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["batch", "first"], name="serial_block_first")
        ]


class SerialChunk(models.Model):
    """Up to 1,024 serials of a batch by ordinal, as they were commissioned (evidence).

    A later commissioning starts a row of its own within the chunk it continues.
    """

    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, db_index=False)
    chunk_no = models.PositiveIntegerField()  # ordinal // 1,024
    first = models.PositiveIntegerField()  # ordinal of the first serial in the row
    serials = models.TextField()  # a newline between serials

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["batch", "chunk_no", "first"], name="serial_chunk_first"
            )
        ]


class Staging(models.Model):
    """Serials that were checked and wait for the maker's signature."""

    id = models.UUIDField(primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    partner = models.ForeignKey(TradingPartner, on_delete=models.CASCADE)
    lot = models.CharField(max_length=20)
    expiry_date = models.DateField()
    tag = models.BinaryField(max_length=32)
    base = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    seed = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()


class StagedChunk(models.Model):
    """1,024 staged serials, in file order."""

    staging = models.ForeignKey(
        Staging, on_delete=models.CASCADE, related_name="chunks"
    )
    chunk_no = models.PositiveIntegerField()
    serials = models.TextField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["staging", "chunk_no"], name="staged_chunk_no")
        ]


class Commissioning(models.Model):
    """One signed commissioning of a batch: base, size, root and seed (sealed).

    A row begins at the signature, so that none of them may ever change: what may still
    be replaced or forgotten stands in `Staging`.
    """

    batch = models.ForeignKey(
        Batch, on_delete=models.DO_NOTHING, related_name="commissionings"
    )
    statement_id = models.CharField(max_length=64, unique=True)
    base = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    seed = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["batch", "base"], name="commissioning_base")
        ]
