"""Row locks in the one order of the design: signing keys, partners, products, batches.

A partner's row stands for its licences and sites. On SQLite a writer begins
IMMEDIATE, so it is alone and needs no row locks.
"""

# ruff: noqa: S608 - only constants are put together; values are arguments.

from collections.abc import Iterable
from enum import Enum
from typing import Final, NamedTuple

from django.db import connection

from apps.core.bodies import Genesis
from apps.edge.lists import among, texts
from apps.partners import queries


class Lock(Enum):
    """How strongly a row is held until the transaction ends."""

    SHARED = "FOR KEY SHARE"  # others may share it too; nobody may change it
    EXCLUSIVE = "FOR UPDATE"


class HeldKey(NamedTuple):
    """An enrolled key, held until the transaction ends, and whose it is."""

    keyid: str
    spki: bytes
    algorithm: str
    gln: str
    signer: str
    role: str
    revoked_ms: int | None


_KEY: Final = "k.keyid, k.spki, k.algorithm, {gln}, k.signer, k.role, k.revoked_ms"
_FOUND: Final = f"""
SELECT {_KEY.format(gln="t.gln")} FROM partners_signingkey k
JOIN partners_tradingpartner t ON t.id = k.partner_id WHERE k.keyid {{keyids}}
UNION ALL SELECT s.id, NULL, NULL, NULL, NULL, NULL, NULL FROM ledger_statement s
WHERE s.id = %(genesis)s
"""
# A part waits for the one before it: keys, then partners, each in ascending order.
_HELD: Final = f"""
WITH k AS MATERIALIZED (
  SELECT {_KEY.format(gln="k.partner_id")} FROM partners_signingkey k
  WHERE k.keyid = ANY(%(keyids)s::text[]) ORDER BY k.keyid FOR KEY SHARE),
p AS MATERIALIZED (
  SELECT id FROM partners_tradingpartner
  WHERE gln = ANY(%(glns)s::text[]) AND (SELECT count(*) FROM k) >= 0
  ORDER BY gln FOR KEY SHARE)
SELECT {_KEY.format(gln="t.gln")} FROM k
JOIN partners_tradingpartner t ON t.id = k.partner_id
WHERE (SELECT count(*) FROM p) >= 0
UNION ALL SELECT s.id, NULL, NULL, NULL, NULL, NULL, NULL FROM ledger_statement s
WHERE s.id = %(genesis)s
"""


def hold_voices(
    *, keyids: Iterable[str], revoking: str, glns: Iterable[str]
) -> tuple[list[HeldKey], Genesis]:
    """Hold keys and partners, all in one question; the keys as they are now.

    Args:
        revoking: keyid that the caller is about to revoke; held exclusively.

    Raises:
        Unavailable: `ledger_not_open`.
    """
    wanted = sorted(set(keyids))
    sql = _FOUND.format(keyids=among("keyids"))
    if revoking:
        lock_keys(keyids=wanted, exclusive=revoking)
        lock_partners(glns=glns)
    elif connection.vendor == "postgresql":
        sql = _HELD
    remembered = queries.remembered_genesis()
    given = {"keyids": texts(wanted), "genesis": remembered}
    if sql is _HELD:
        given["glns"] = texts(sorted(set(glns)))
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows = cursor.fetchall()
    keys = [HeldKey(row[0], bytes(row[1]), *row[2:]) for row in rows if row[1]]
    is_known = len(keys) < len(rows)
    return keys, queries.read_genesis(remembered) if is_known else queries.get_genesis()


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
            f"SELECT 1 FROM {table} WHERE {column} = ANY(%s)"  # constants
            f" ORDER BY {column} {lock.value}",
            [values],
        )
