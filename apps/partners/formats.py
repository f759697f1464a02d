"""Shapes shared by what reads and what writes partners."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from apps.core.envelope import statement_id
from apps.ledger.operations import Submission

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """Which statement a row follows from, and when the door takes it."""

    statement_id: str
    accepted_ms: int

    @classmethod
    def by(cls, submission: Submission) -> Self:
        """The statement of a submission, at the door's time."""
        return cls(statement_id(submission.envelope), submission.at_ms)

    @property
    def at(self) -> datetime:
        """The door's time as an aware moment."""
        return as_datetime(self.accepted_ms)


def as_datetime(ms: int) -> datetime:
    """Milliseconds since 1970 as an aware moment in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)
