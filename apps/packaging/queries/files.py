"""Where files of the packaging line lie; the names that people gave are never paths."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings

from apps.packaging.models import LabelRun


def folder() -> Path:
    """The folder of all of them."""
    return Path(settings.PACKAGING_DIR)


def sent_path(aggregation_id: UUID) -> Path:
    """What was sent for an aggregation."""
    return folder() / f"sent-{aggregation_id.hex}"


def events_path(aggregation_id: UUID) -> Path:
    """The events that its statement signs."""
    return folder() / f"events-{aggregation_id.hex}"


def run_path(run: LabelRun) -> Path:
    """The labels of a run."""
    return folder() / f"labels-{run.pk.hex}"
