"""How the log does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Max

from apps.anchoring.models import Checkpoint, TreeState
from apps.anchoring.queries.checkpoints import (
    PublishedHead,
    newest_checkpoint,
)
from apps.anchoring.queries.witnesses import witnesses_label
from apps.core.errors import IntegrityBreach
from apps.edge.health import Line
from apps.ledger import queries as ledger
from apps.ledger.formats import as_ms

# A statement that waits longer than its receipt promises is an alarm.
LATE_SECONDS: Final = 60
# Leaves may not be older than the head before them: a clock that ran ahead holds the
# log's time for as long, and readers see fresh statements as old as that.
CLOCK_TOLERANCE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Status:
    """How the log does, for the footer and /health.

    Args:
        log_size: leaves under the published checkpoint.
        age_seconds: since it was signed, or cosigned anew; None before the first.
        signed_at: when that was.
        pending: whether statements wait for the sequencer.
        is_late: whether the oldest of them, or a head that too few witnesses have
            cosigned, waits longer than receipts promise.
        witnesses_label: "no witnesses", or "2 of 2 witnesses" under that checkpoint.
        quarantine_reason: "" where the ledger may be written.
    """

    log_size: int
    age_seconds: int | None
    signed_at: datetime | None
    pending: bool
    is_late: bool
    witnesses_label: str
    quarantine_reason: str

    @property
    def state(self) -> str:
        """`go`, `think` (late) or `stop` (quarantined)."""
        if self.quarantine_reason:
            return "stop"
        return "think" if self.is_late else "go"


def status(*, at: datetime) -> Status:
    """How the log does at the aware moment `at`; a few rows are read."""
    quarantine = ledger.find_quarantine()
    reason = quarantine.reason if quarantine else ""
    try:
        published = newest_checkpoint()
    except IntegrityBreach as error:
        # Every page asks: it must be told, not broken, before the sequencer notices.
        published, reason = None, reason or error.code
    signed_at = _signed_at(published)
    age = int((at - signed_at).total_seconds()) if signed_at else None
    oldest_ms = ledger.oldest_pending_ms()
    waits = [each for each in (oldest_ms, _unpublished_ms(published)) if each]
    waited_ms = as_ms(at) - min(waits) if waits else 0
    return Status(
        log_size=published.size if published else 0,
        age_seconds=None if age is None else max(0, age),
        signed_at=signed_at,
        pending=oldest_ms is not None,
        is_late=waited_ms > LATE_SECONDS * 1000,
        witnesses_label=witnesses_label(published),
        quarantine_reason=reason,
    )


def _signed_at(published: PublishedHead | None) -> datetime | None:
    """When anybody last put a name under the published head."""
    if published is None:
        return None
    moments = Checkpoint.objects.filter(size=published.size).values_list(
        "signed__signed_at", Max("cosignatures__cosigned_at")
    )
    return max((each for row in moments for each in row if each), default=None)


def _unpublished_ms(published: PublishedHead | None) -> int | None:
    """When the first head was made that is committed and not published yet."""
    size = published.size if published else 0
    waiting = Checkpoint.objects.filter(size__gt=size).order_by("size").first()
    return waiting.time_ms if waiting else None


def log_line(at: datetime) -> Line:
    """The line on /health: unwell in quarantine, late, or ahead of this host's clock."""
    now = status(at=at)
    if now.quarantine_reason:
        return Line(is_well=False, detail="quarantined")
    age = "unsigned" if now.age_seconds is None else f"signed {now.age_seconds} s ago"
    late = ", statements wait too long" if now.is_late else ""
    ahead_ms = _log_time_ms() - as_ms(at)
    wrong = ahead_ms > CLOCK_TOLERANCE_MS
    clock = f", the log is {ahead_ms // 1000} s ahead of this clock" if wrong else ""
    return Line(
        is_well=not now.is_late and not wrong,
        detail=f"size {now.log_size}, {age}, {now.witnesses_label}{late}{clock}",
    )


def _log_time_ms() -> int:
    """The time of the newest leaves; 0 before the first."""
    return TreeState.objects.values_list("time_ms", flat=True).first() or 0
