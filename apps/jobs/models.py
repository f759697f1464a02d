"""Rows of work: what a person waits for (Job) and what must be started (Outbox)."""

import uuid

from django.db import models
from django.db.models import Q


class JobState(models.TextChoices):
    """How far a job is; the last three are final."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class Job(models.Model):
    """Work that somebody watches. `attempts` fences: only its newest holder may write."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    state = models.CharField(
        max_length=10, choices=JobState.choices, default=JobState.QUEUED
    )
    done_count = models.BigIntegerField(default=0)
    total_count = models.BigIntegerField(default=0)  # 0: not known yet
    message = models.CharField(max_length=500, default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=Q(state="running"),
                name="job_running_lease",
            ),
            models.Index(fields=["kind", "subject"], name="job_kind_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=JobState.values), name="job_known_state"
            ),
        ]


class Outbox(models.Model):
    """One call of one task, written in the transaction that caused it.

    Waiting (published_at null) → published → done_at; parked_at after five starts
    that failed. `attempts` counts starts and fences like that of Job.
    """

    task = models.CharField(max_length=80)
    kwargs = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()  # not published before
    published_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    message = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(published_at=None, done_at=None, parked_at=None),
                name="outbox_waiting",
            ),
            models.Index(
                fields=["published_at"],
                condition=Q(done_at=None, parked_at=None),
                name="outbox_published",
            ),
        ]
