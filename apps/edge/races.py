"""Which database errors mean that somebody else was faster."""

from typing import Any, Final

from django.db import DatabaseError, IntegrityError, OperationalError

# PostgreSQL: serialization_failure, deadlock_detected, lock_not_available.
_LOST_RACES: Final = frozenset({"40001", "40P01", "55P03"})
_CHECK_VIOLATION: Final = "23514"


def is_lost_race(error: DatabaseError) -> bool:
    """Whether the same work may well succeed if it is run again."""
    # A broken constraint is somebody who was faster: the next run reads what he wrote
    # and refuses, or answers, for the right reason.
    if isinstance(error, IntegrityError):
        return not is_without_part(error)
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _LOST_RACES or "locked" in str(error)


def is_without_part(error: BaseException) -> bool:
    """Whether a row has no partition to stand in: its part is detached (ADR 38)."""
    cause: Any = error.__cause__
    if getattr(cause, "sqlstate", None) != _CHECK_VIOLATION:
        return False
    return not cause.diag.constraint_name
