"""Who holds what now; every row can be replayed from the ledger."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from apps.catalog.models import Batch, Product
from apps.custody.models.moves import Event


class Holding(models.Model):
    """The units of a batch at one holder, site and status now."""

    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, db_index=False)
    holder = models.CharField(max_length=13)
    site = models.CharField(max_length=13)
    status = models.CharField(max_length=20)
    count = models.PositiveIntegerField()
    units = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["batch", "holder", "site", "status"], name="holding_place"
            )
        ]
        indexes = [models.Index(fields=["holder", "status"], name="holding_holder")]


class ForwardChunk(models.Model):
    """For each of 1,024 ordinals: its holding row and its innermost container row.

    Two vectors of 1,024 little-endian u32; 0 means none.
    """

    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, db_index=False)
    chunk_no = models.PositiveIntegerField()
    holdings = models.BinaryField()
    containers = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["batch", "chunk_no"], name="forward_chunk_no")
        ]


class BatchHold(models.Model):
    """Units of a batch that a party put on hold; lifted by it for the same reason."""

    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, db_index=False)
    owner = models.CharField(max_length=13)
    reason = models.CharField(max_length=40)
    units = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["batch", "owner", "reason"], name="batch_hold_owner_reason"
            )
        ]


class Container(models.Model):
    """A logistic unit (SSCC) or case (SGTIN): a named set of units per batch.

    One that is inside another is where that one is: only the outermost row says where
    (ADR 43).
    """

    epc = models.CharField(max_length=80, unique=True)  # canonical Digital Link
    holder = models.CharField(max_length=13, default="", blank=True)
    site = models.CharField(max_length=13, default="", blank=True)
    status = models.CharField(max_length=20, default="", blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, related_name="children"
    )

    class Meta:
        constraints = [
            CheckConstraint(
                condition=Q(parent__isnull=True)
                & ~(Q(holder="") | Q(site="") | Q(status=""))
                | Q(parent__isnull=False, holder="", site="", status=""),
                name="container_place",
            )
        ]
        indexes = [
            models.Index(
                fields=["holder", "status"],
                condition=Q(parent__isnull=True),
                name="container_holder",
            )
        ]


class ContainerLine(models.Model):
    """The units of one batch within a container, those of inner ones included."""

    container = models.ForeignKey(
        Container, on_delete=models.DO_NOTHING, related_name="lines", db_index=False
    )
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING)
    count = models.PositiveIntegerField()
    units = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["container", "batch"], name="container_batch")
        ]


class Shipment(models.Model):
    """A despatch and what of it is still open."""

    event = models.OneToOneField(
        Event, on_delete=models.DO_NOTHING, primary_key=True, related_name="shipment"
    )
    sender = models.CharField(max_length=13)
    sender_site = models.CharField(max_length=13)
    addressee = models.CharField(max_length=13)
    addressee_site = models.CharField(max_length=13)
    purpose = models.CharField(max_length=8)  # sale, return, recall
    documents = models.JSONField(default=list)
    is_open = models.BooleanField(default=True)

    class Meta:
        indexes = [
            models.Index(fields=["addressee", "is_open"], name="shipment_to"),
            models.Index(fields=["sender", "is_open"], name="shipment_from"),
        ]


class ShipmentLine(models.Model):
    """One batch within a despatch: what was sent, what is still under way."""

    shipment = models.ForeignKey(
        Shipment, on_delete=models.DO_NOTHING, related_name="lines", db_index=False
    )
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING)
    sent = models.BinaryField()
    open_units = models.BinaryField()
    sent_count = models.PositiveIntegerField()
    open_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["shipment", "batch"], name="shipment_batch")
        ]


class Discrepancy(models.Model):
    """What a receipt found other than announced, typed (GS1 US exception classes)."""

    shipment = models.ForeignKey(
        Shipment, on_delete=models.DO_NOTHING, related_name="discrepancies"
    )
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING)
    kind = models.CharField(max_length=24)  # shortage
    count = models.PositiveIntegerField()
    receipt_ref = models.CharField(max_length=76)
    is_settled = models.BooleanField(default=False)


class RecallScope(models.Model):
    """Units of an existing batch that an open recall covers."""

    recall_id = models.CharField(max_length=64)  # statement id of recall.open
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING)
    is_whole = models.BooleanField()
    units = models.BinaryField()  # empty bitmap when the whole batch is meant

    class Meta:
        constraints = [
            UniqueConstraint(fields=["recall_id", "batch"], name="recall_scope_batch")
        ]


class RecallRule(models.Model):
    """An open recall's rule for lots yet to be commissioned: born recalled."""

    recall_id = models.CharField(max_length=64, unique=True)
    product = models.ForeignKey(Product, on_delete=models.DO_NOTHING)
    opened_by = models.CharField(max_length=13)
    return_to = models.CharField(max_length=13, default="", blank=True)
    scope = models.JSONField()
