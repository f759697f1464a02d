"""Who holds what: registry, event lines, holdings, containers, shipments, scopes.

`SerialChunk` is evidence, `Commissioning` is sealed, `Staging` waits for a signature;
every other row is a projection that `rebuild` can drop and replay from the ledger.
Sets of ordinals are roaring bitmaps (portable format).
"""

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
    batch_id = models.BigIntegerField()
    ordinal = models.PositiveIntegerField()


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


class Event(models.Model):
    """One judged event; `ref` is its statement id, `id#k` within kind `events`."""

    ref = models.CharField(max_length=76, unique=True)
    statement_id = models.CharField(max_length=64, db_index=True)
    rule = models.CharField(max_length=24)  # the row of the law that allowed it
    biz_step = models.CharField(max_length=32)
    disposition = models.CharField(max_length=40)
    action = models.CharField(max_length=8)
    by = models.CharField(max_length=13)
    site = models.CharField(max_length=13)
    counterparty = models.CharField(max_length=13, default="", blank=True)
    accepted_ms = models.BigIntegerField()
    event_time_ms = models.BigIntegerField()
    parent_ref = models.CharField(max_length=76, default="", blank=True, db_index=True)
    shipment_ref = models.CharField(max_length=76, default="", blank=True)
    is_inferred = models.BooleanField(default=False)
    is_corrected = models.BooleanField(default=False)
    containers = models.JSONField(default=list)  # EPCs that the event named


class EventLine(models.Model):
    """What one event moved in one batch: a resolved set, from where, to where."""

    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, related_name="lines")
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING)
    source_holder = models.CharField(max_length=13, default="", blank=True)
    source_site = models.CharField(max_length=13, default="", blank=True)
    source_status = models.CharField(max_length=20, default="", blank=True)
    target_holder = models.CharField(max_length=13)
    target_site = models.CharField(max_length=13)
    target_status = models.CharField(max_length=20)
    count = models.PositiveIntegerField()
    units = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["batch", "event"], name="line_batch_event")]


class EventChunk(models.Model):
    """Which event lines touch a chunk of 1,024 ordinals: one pack's history."""

    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, db_index=False)
    chunk_no = models.PositiveIntegerField()
    line = models.ForeignKey(EventLine, on_delete=models.DO_NOTHING, db_index=False)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["batch", "chunk_no", "line"], name="event_chunk_once"
            )
        ]


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
    """A logistic unit (SSCC) or case (SGTIN): a named set of units per batch."""

    epc = models.CharField(max_length=80, unique=True)  # canonical Digital Link
    holder = models.CharField(max_length=13)
    site = models.CharField(max_length=13)
    status = models.CharField(max_length=20)
    parent = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, related_name="children"
    )

    class Meta:
        indexes = [models.Index(fields=["holder", "status"], name="container_holder")]


class ContainerLine(models.Model):
    """The units of one batch within a container, those of inner ones included."""

    container = models.ForeignKey(
        Container, on_delete=models.DO_NOTHING, related_name="lines"
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
        Shipment, on_delete=models.DO_NOTHING, related_name="lines"
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
