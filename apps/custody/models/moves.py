"""What each judged event moved."""

from django.db import models
from django.db.models import UniqueConstraint

from apps.catalog.models import Batch
from apps.custody.references import ReferenceField, statement_of


class Event(models.Model):
    """One judged event; `ref` is its statement id, `id#k` within kind `events`."""

    # Numbers first, then what has no fixed length: nothing is lost between them.
    accepted_ms = models.BigIntegerField()
    event_time_ms = models.BigIntegerField()
    is_inferred = models.BooleanField(default=False)
    is_corrected = models.BooleanField(default=False)
    ref = ReferenceField()
    parent_ref = ReferenceField(default="", blank=True)
    shipment_ref = ReferenceField(default="", blank=True)
    rule = models.CharField(max_length=24)  # the row of the law that allowed it
    biz_step = models.CharField(max_length=32)
    disposition = models.CharField(max_length=40)
    action = models.CharField(max_length=8)
    by = models.CharField(max_length=13)
    site = models.CharField(max_length=13)
    counterparty = models.CharField(max_length=13, default="", blank=True)
    containers = models.JSONField(default=list)  # EPCs that the event named

    class Meta:
        # Events of one statement stand side by side in the first (`events_of`).
        constraints = [UniqueConstraint(fields=["ref"], name="event_ref")]
        indexes = [models.Index(fields=["parent_ref"], name="event_parent")]

    @property
    def statement_id(self) -> str:
        """The statement that said it."""
        return statement_of(self.ref)


class EventLine(models.Model):
    """What one event moved in one batch: a resolved set, from where, to where."""

    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, related_name="lines")
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, db_index=False)
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
    """Which event lines touch a chunk of 1,024 ordinals: one pack's history.

    Of the line's units there the first and the last stand here, as offsets in the
    chunk: most lines are seen not to have a pack before they are read (ADR 42).
    """

    # Its index has the ends too, so nothing else is read (migration 0016).
    pk = models.CompositePrimaryKey("batch_id", "chunk_no", "line_id")
    chunk_no = models.PositiveIntegerField()
    first = models.PositiveSmallIntegerField()
    last = models.PositiveSmallIntegerField()
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, db_index=False)
    line = models.ForeignKey(EventLine, on_delete=models.DO_NOTHING, db_index=False)
