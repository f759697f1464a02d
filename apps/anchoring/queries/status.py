"""How the log does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from apps.anchoring.queries.checkpoints import find_checkpoint, newest_checkpoint
from apps.core.errors import IntegrityBreach
from apps.edge.health import Line
from apps.ledger import queries as ledger
from apps.ledger.formats import as_ms

# A statement that waits longer than its receipt promises is an alarm.
LATE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Status:
    """How the log does, for the footer and /health.

    Args:
        log_size: leaves under the published checkpoint.
        age_seconds: since it was signed; None before the first.
        signed_at: when that was.
        pending: whether statements wait for the sequencer.
        is_late: whether the oldest of them waits longer than receipts promise.
        witnesses_label: "no witnesses", or "witnesses k of n".
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
    row = find_checkpoint(published.size) if published else None
    signed = getattr(row, "signed", None)
    age = int((at - signed.signed_at).total_seconds()) if signed else None
    oldest_ms = ledger.oldest_pending_ms()
    waited_ms = 0 if oldest_ms is None else as_ms(at) - oldest_ms
    return Status(
        log_size=published.size if published else 0,
        age_seconds=None if age is None else max(0, age),
        signed_at=signed.signed_at if signed else None,
        pending=oldest_ms is not None,
        is_late=waited_ms > LATE_SECONDS * 1000,
        witnesses_label=_("no witnesses"),
        quarantine_reason=reason,
    )


def log_line(at: datetime) -> Line:
    """The line on /health: unwell in quarantine, or when statements wait too long."""
    now = status(at=at)
    if now.quarantine_reason:
        return Line(is_well=False, detail="quarantined")
    age = "unsigned" if now.age_seconds is None else f"signed {now.age_seconds} s ago"
    late = ", statements wait too long" if now.is_late else ""
    return Line(
        is_well=not now.is_late,
        detail=f"size {now.log_size}, {age}, {now.witnesses_label}{late}",
    )
