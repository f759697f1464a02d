"""Which database errors mean that somebody else was faster."""

from typing import Final

from django.db import DatabaseError, IntegrityError, OperationalError

# PostgreSQL: serialization_failure, deadlock_detected, lock_not_available.
_LOST_RACES: Final = frozenset({"40001", "40P01", "55P03"})


def is_lost_race(error: DatabaseError) -> bool:
    """Whether the same work may well succeed if it is run again."""
    # A broken constraint is somebody who was faster: the next run reads what he wrote
    # and refuses, or answers, for the right reason.
    if isinstance(error, IntegrityError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _LOST_RACES or "locked" in str(error)
