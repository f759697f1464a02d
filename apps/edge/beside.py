"""What the database does, and what we work out meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# From so many rows on the server's work is worth a thread that waits for it.
MANY: Final = 1_000


def beside(*, write: Callable[[], None], derive: Callable[[], None], rows: int) -> None:
    """Do both, in the transaction of the caller.

    A server is long at work with many rows: we derive in the meantime. Until it is
    done `write` has the connection for itself, so `derive` asks no database.
    On SQLite, which works in our own process, one comes after the other.

    Args:
        rows: how many `write` sends.
    """
    if rows < MANY or connection.vendor != "postgresql":
        write()
        derive()
        return
    ours = connections[DEFAULT_DB_ALIAS]
    ours.inc_thread_sharing()
    try:
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(_write_by, ours, write)
            derive()
            writing.result()
    finally:
        ours.dec_thread_sharing()


def _write_by(ours: BaseDatabaseWrapper, write: Callable[[], None]) -> None:
    # A thread has connections of its own, outside the caller's transaction.
    connections[DEFAULT_DB_ALIAS] = ours
    write()
