"""Closings of the books: the custody state at one place in the log, signed by digest."""

from django.db import models
from django.db.models import UniqueConstraint


class ClosingDraft(models.Model):
    """A closing that was prepared and waits for the operator's signature."""

    id = models.UUIDField(primary_key=True)
    created_at = models.DateTimeField()
    legal_basis = models.TextField()
    indices = models.JSONField()  # leaves of the statements to erase, ascending
    statements = models.BigIntegerField()  # of goods that the snapshot stands behind
    last_event = models.BigIntegerField()  # row of the newest event in it
    digest = models.BinaryField(max_length=32)


class ClosingDraftPart(models.Model):
    """A piece of a prepared snapshot: some of its lines, compressed by zlib."""

    draft = models.ForeignKey(
        ClosingDraft, on_delete=models.CASCADE, related_name="parts"
    )
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["draft", "number"], name="closing_draft_part")
        ]


class Closing(models.Model):
    """A signed closing (evidence)."""

    number = models.PositiveIntegerField(primary_key=True)  # from 1
    statement_id = models.CharField(max_length=64, unique=True)
    statements = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)


class ClosingPart(models.Model):
    """A piece of the newest snapshot (sealed): an older one goes when a newer stands.

    What an older one says of events may be what the newer erases.
    """

    closing = models.ForeignKey(
        Closing, on_delete=models.DO_NOTHING, related_name="parts"
    )
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["closing", "number"], name="closing_part_number")
        ]
