"""A replica, which is a moment late, and may end what is in the way of its replay."""

from __future__ import annotations

import time
from typing import Final

from django.db import OperationalError, connection

from apps.anchoring import queries as anchoring

_LONGEST_SECONDS: Final = 30.0  # that a replica may need for what is locked already
_PAUSE_SECONDS: Final = 0.2
_SERIALIZATION_FAILURE: Final = "40001"  # of PostgreSQL


def await_replay(size: int) -> None:
    """On a replica, wait a while until the head of `size` leaves has come there.

    If it does not come, `check_heads` says so.
    """
    if not _is_replica():
        return
    until = time.monotonic() + _LONGEST_SECONDS
    while size and anchoring.find_checkpoint(size) is None:
        if time.monotonic() > until:
            return
        time.sleep(_PAUSE_SECONDS)


def is_cancelled_by_replay(error: OperationalError) -> bool:
    """Whether a replica ended a question because it was in the way of what it replays."""
    # One moment, only read, fails to serialize for no other reason.
    return getattr(error.__cause__, "sqlstate", None) == _SERIALIZATION_FAILURE


def _is_replica() -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        row = cursor.fetchone()
    return bool(row and row[0])
