"""How the log does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.anchoring.models import TreeState
from apps.anchoring.queries.checkpoints import newest_checkpoint
from apps.anchoring.queries.witnesses import witnesses_label
from apps.core.errors import IntegrityBreach
from apps.edge.health import Line
from apps.edge.rows import read_moment
from apps.ledger.formats import as_ms

# A statement that waits longer than its receipt promises is an alarm.
LATE_SECONDS: Final = 60
# Leaves may not be older than the head before them: a clock that ran ahead holds the
# log's time for as long, and readers see fresh statements as old as that.
CLOCK_TOLERANCE_MS: Final = 60_000
# About the published head: why nothing may be written, what waits longest, the first
# head that is committed and not published, and when anybody put a name under this one.
_STANDING: Final = """
SELECT (SELECT reason FROM ledger_quarantine ORDER BY id LIMIT 1),
  (SELECT accepted_ms FROM ledger_pending ORDER BY accept_no LIMIT 1),
  (SELECT time_ms FROM anchoring_checkpoint WHERE size > %s ORDER BY size LIMIT 1),
  (SELECT signed_at FROM anchoring_signednote WHERE checkpoint_id = %s),
  (SELECT MAX(cosigned_at) FROM anchoring_cosignature WHERE checkpoint_id = %s)
"""


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
    """How the log does at the aware moment `at`; one question."""
    fault = ""
    try:
        published = newest_checkpoint()
    except IntegrityBreach as error:
        # Every page asks: it must be told, not broken, before the sequencer notices.
        published, fault = None, error.code
    size = published.size if published else 0
    reason, oldest_ms, unpublished_ms, *named = _ask(size)
    moments = [read_moment(each) for each in named if each and published]
    signed_at = max(moments, default=None)
    age = int((at - signed_at).total_seconds()) if signed_at else None
    waits = [each for each in (oldest_ms, unpublished_ms) if each]
    waited_ms = as_ms(at) - min(waits) if waits else 0
    return Status(
        log_size=size,
        age_seconds=None if age is None else max(0, age),
        signed_at=signed_at,
        pending=oldest_ms is not None,
        is_late=waited_ms > LATE_SECONDS * 1000,
        witnesses_label=witnesses_label(published),
        quarantine_reason=reason or fault,
    )


def _ask(size: int) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [size, size, size])
        row: tuple[Any, ...] = cursor.fetchone()
    return row


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
