"""One moment of a database that goes on: the site trades while fsck reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import OperationalError, connection, transaction

from apps.anchoring import queries as anchoring

_LONGEST_SECONDS: Final = 30.0  # that a replica may need for what is locked already
_PAUSE_SECONDS: Final = 0.2
_SERIALIZATION_FAILURE: Final = "40001"  # of PostgreSQL


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all reads inside see what the first one sees; nobody waits for them.

    Inside a transaction of the caller it is the caller's.
    """
    if connection.in_atomic_block:
        yield
        return
    with _reading(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                )
        yield


@contextmanager
def _reading() -> Iterator[None]:
    """On SQLite a transaction of the site begins as a writer, and keeps others out."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    sqlite: Any = connection
    usual, sqlite.transaction_mode = sqlite.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        sqlite.transaction_mode = usual


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
