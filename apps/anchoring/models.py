"""Making it undeniable: the state of the tree, the heads that were signed, witnesses.

Which head is published stands in the published file itself, not here.
"""

from django.db import models


class TreeState(models.Model):
    """The one row that says how far the log has grown; changed by compare-and-swap."""

    id = models.PositiveSmallIntegerField(primary_key=True)  # always 1
    size = models.BigIntegerField()
    root_hash = models.BinaryField(max_length=32)
    frontier = models.BinaryField()  # right edge: 32 bytes for each bit set in size
    time_ms = models.BigIntegerField()


class MapEntry(models.Model):
    """The map's value for one tag: how many leaves, which is the last."""

    tag = models.BinaryField(max_length=32, primary_key=True)
    count = models.BigIntegerField()
    head_leaf_hash = models.BinaryField(max_length=32)
    last_index = models.BigIntegerField()


class Checkpoint(models.Model):
    """A tree head that was committed (evidence)."""

    size = models.BigIntegerField(primary_key=True)
    root_hash = models.BinaryField(max_length=32)
    map_root = models.BinaryField(max_length=32)
    time_ms = models.BigIntegerField()


class SignedNote(models.Model):
    """The note of a checkpoint, as the lock store got it (evidence)."""

    checkpoint = models.OneToOneField(
        Checkpoint, on_delete=models.DO_NOTHING, primary_key=True, related_name="signed"
    )
    note = models.TextField()
    signed_at = models.DateTimeField()


class Cosignature(models.Model):
    """A witness's newest line over one of our checkpoints, as it is or was published."""

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.DO_NOTHING, related_name="cosignatures"
    )
    witness = models.CharField(max_length=255)  # its name in our policy
    line = models.TextField()
    cosigned_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("checkpoint", "witness"), name="anchoring_one_line_a_witness"
            ),
        )


class WitnessState(models.Model):
    """What we know of a witness: where it stands and why it did not cosign last."""

    witness = models.CharField(max_length=255, primary_key=True)
    size = models.BigIntegerField(default=0)  # what it cosigned last, as it says
    asked_at = models.DateTimeField()
    cosigned_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=64, blank=True)  # an error code; "" is well
    detail = models.TextField(blank=True)


class AnchorToken(models.Model):
    """Somebody else's stamp over a published head (evidence)."""

    name = models.CharField(max_length=32)  # of the service, in our settings
    kind = models.CharField(max_length=8)  # `tsr`: an answer of RFC 3161
    tree_size = models.BigIntegerField()
    root_hash = models.BinaryField(max_length=32)
    token = models.BinaryField()
    commitment = models.BinaryField(max_length=32)  # of its leaf, of type 4
    # The moment that it vouches for; None where nothing that was checked says one.
    stamped_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)  # what its kind publishes beside it
    received_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("tree_size", "name"), name="anchoring_one_token_a_head"
            ),
            models.UniqueConstraint(
                fields=("commitment",), name="anchoring_commitment_once"
            ),
        )


class AnchorPending(models.Model):
    """A token whose leaf waits for the sequencer; consumed by presence."""

    token = models.OneToOneField(
        AnchorToken, on_delete=models.DO_NOTHING, primary_key=True
    )


class AnchorPromise(models.Model):
    """A stamp that a service has promised and not given yet; one a service.

    `state` is the service's own: nobody else reads it. A row is changed only where
    `version` is still the one that was read.
    """

    name = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=8)
    tree_size = models.BigIntegerField()
    root_hash = models.BinaryField(max_length=32)
    state = models.BinaryField()
    version = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=120)
    begun_at = models.DateTimeField()
    look_at = models.DateTimeField()


class AnchorState(models.Model):
    """What came of asking a service: when it is asked again, what is shown."""

    name = models.CharField(max_length=32, primary_key=True)
    asked_at = models.DateTimeField()
    stamped_at = models.DateTimeField(null=True)  # its last success, by our clock
    failures = models.PositiveIntegerField(default=0)  # since then
    fault = models.CharField(max_length=64, blank=True)  # an error code; "" is well
    detail = models.TextField(blank=True)
