"""What was said, for ever.

Evidence (`Statement`, `Leaf`, `Erasure`) is append only; `Vault` is sealed: never
updated, and deleted only where an erasure names it; `Pending` is the sequencer's
queue; `Quarantine` is the brake that stops every append.
"""

from django.db import models
from django.db.models import UniqueConstraint


class Statement(models.Model):
    """A statement that was accepted: its id, its place in time, its digests."""

    id = models.CharField(max_length=64, primary_key=True)  # SHA-256(PAE), hex
    accept_no = models.BigIntegerField(unique=True)
    accepted_ms = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    by = models.CharField(max_length=13)  # GLN of the party that speaks
    signer = models.CharField(max_length=64)
    keyids = models.TextField()  # sorted, one blank between
    envelope_digest = models.BinaryField(max_length=32)  # SHA-256(JCS(envelope))

    class Meta:
        indexes = [models.Index(fields=["by", "accept_no"], name="statement_by_no")]


class Vault(models.Model):
    """The private bytes of a statement, exactly as they were signed."""

    statement = models.OneToOneField(
        Statement, on_delete=models.DO_NOTHING, primary_key=True
    )
    payload = models.BinaryField()
    signatures = models.BinaryField()  # JCS bytes of the envelope's signatures
    lines = models.BinaryField(null=True)  # NDJSON of kind `events`, else null
    salts = models.BinaryField()  # 32 bytes a subject, in subject order
    receipt = models.BinaryField()  # the receipt's DSSE, JSON bytes


class Pending(models.Model):
    """Leaves that wait for the sequencer; consumed by presence, never by position."""

    statement = models.OneToOneField(
        Statement, on_delete=models.DO_NOTHING, primary_key=True
    )
    accept_no = models.BigIntegerField(unique=True)
    accepted_ms = models.BigIntegerField()
    leaves = models.BinaryField()  # per subject: u8 type, 32 tag, 32 commitment


class Leaf(models.Model):
    """One public entry of the log (DESIGN, leaf v1)."""

    index = models.BigIntegerField(primary_key=True)
    # On PostgreSQL a trigger holds this key, once an insert (migration 0005).
    statement = models.ForeignKey(
        Statement, on_delete=models.DO_NOTHING, null=True, related_name="leaves"
    )
    position = models.PositiveIntegerField()  # which subject of its statement
    type = models.PositiveSmallIntegerField()
    time_ms = models.BigIntegerField()
    tag = models.BinaryField(max_length=32)
    chain_seq = models.BigIntegerField()
    prev_leaf_hash = models.BinaryField(max_length=32)
    commitment = models.BinaryField(max_length=32)
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["tag", "chain_seq"], name="leaf_tag_chain_seq"),
            UniqueConstraint(fields=["leaf_hash"], name="leaf_hash_once"),
        ]


class Erasure(models.Model):
    """Evidence that a statement's sealed part may go, and who said so."""

    statement = models.OneToOneField(
        Statement, on_delete=models.DO_NOTHING, primary_key=True
    )
    erased_by = models.CharField(max_length=64)  # id of the `erasure` statement


class Quarantine(models.Model):
    """The one row that, while it exists, makes the ledger read-only."""

    id = models.PositiveSmallIntegerField(primary_key=True)  # always 1
    reason = models.TextField()
    since_at = models.DateTimeField()
