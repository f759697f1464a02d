"""Row locks in the one order of the design: signing keys, partners, products, batches.

A partner's row stands for its licences and sites. On SQLite a writer begins
IMMEDIATE, so it is alone and needs no row locks.
"""

from collections.abc import Iterable
from enum import Enum

from django.db import connection


class Lock(Enum):
    """How strongly a row is held until the transaction ends."""

    SHARED = "FOR KEY SHARE"  # others may share it too; nobody may change it
    EXCLUSIVE = "FOR UPDATE"


def lock_keys(*, keyids: Iterable[str], exclusive: str = "") -> None:
    """Hold signing keys in ascending order, `exclusive` for a change.

    One pass for both strengths: two revocations that name each other's keys would
    otherwise wait for each other.
    """
    for keyid in sorted({*keyids, exclusive} - {""}):
        lock = Lock.EXCLUSIVE if keyid == exclusive else Lock.SHARED
        _lock("partners_signingkey", "keyid", [keyid], lock)


def lock_partners(*, glns: Iterable[str], lock: Lock = Lock.SHARED) -> None:
    """Hold partners, and with them their licences, in ascending order of GLN."""
    _lock("partners_tradingpartner", "gln", sorted(set(glns)), lock)


def _lock(table: str, column: str, values: list[str], lock: Lock) -> None:
    if connection.vendor != "postgresql" or not values:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE {column} = ANY(%s)"  # noqa: S608  # constants
            f" ORDER BY {column} {lock.value}",
            [values],
        )
