"""Reads that all see the ledger as it was at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from django.db import connection, transaction

_SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@contextmanager
def one_moment() -> Iterator[None]:
    """What is read inside fits together, and nobody waits for it; nothing is written.

    Inside a transaction it is that one, with what it has locked.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
            yield
    else:
        with _sharing(), transaction.atomic():
            yield


@contextmanager
def _sharing() -> Iterator[None]:
    """SQLite's transactions begin IMMEDIATE, as writers; a reader need not."""
    database = cast("Any", connection)
    database.ensure_connection()  # which sets the mode
    mode, database.transaction_mode = database.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        database.transaction_mode = mode
