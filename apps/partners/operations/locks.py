"""Row locks in the one order of the design: signing keys, partners, products, batches.

A partner's row stands for its licences and sites. On SQLite a writer begins
IMMEDIATE, so it is alone and needs no row locks.
"""

# ruff: noqa: S608 - only constants are put together; values are arguments.

from collections.abc import Iterable
from enum import Enum
from functools import cache
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


class Voices(NamedTuple):
    """Who may speak, held: what `hold_voices` found.

    Args:
        ended: device keys whose person ended the shift.
        seen: digests of delegations that a statement showed before.
    """

    keys: list[HeldKey]
    genesis: Genesis
    ended: set[str]
    seen: set[str]


_KEY: Final = "k.keyid, k.spki, k.algorithm, {gln}, k.signer, k.role, k.revoked_ms"
_NOTHING: Final = "NULL, NULL, NULL, NULL, NULL, NULL"
# Asked in passing: they are few, and never change but in one direction.
_BESIDE: Final = f"""
UNION ALL SELECT 'genesis', s.id, {_NOTHING} FROM ledger_statement s
WHERE s.id = %(genesis)s
UNION ALL SELECT 'ended', h.device_keyid, {_NOTHING} FROM partners_shift h
WHERE h.device_keyid {{devices}} AND h.ended_at IS NOT NULL
UNION ALL SELECT 'seen', v.digest, {_NOTHING} FROM partners_lentvoice v
WHERE v.digest {{digests}}
"""
_FOUND: Final = f"""
SELECT 'key', {_KEY.format(gln="t.gln")} FROM partners_signingkey k
JOIN partners_tradingpartner t ON t.id = k.partner_id WHERE k.keyid {{keyids}}
{_BESIDE}
"""
# A part waits for the one before it: keys, then partners, each in ascending order.
_HELD: Final = f"""
WITH k AS MATERIALIZED (
  SELECT {_KEY.format(gln="k.partner_id")} FROM partners_signingkey k
  WHERE k.keyid {{keyids}} ORDER BY k.keyid FOR KEY SHARE),
p AS MATERIALIZED (
  SELECT id FROM partners_tradingpartner
  WHERE gln {{glns}} AND (SELECT count(*) FROM k) >= 0 ORDER BY gln FOR KEY SHARE)
SELECT 'key', {_KEY.format(gln="t.gln")} FROM k
JOIN partners_tradingpartner t ON t.id = k.partner_id
WHERE (SELECT count(*) FROM p) >= 0
{_BESIDE}
"""


def hold_voices(
    *,
    keyids: Iterable[str],
    revoking: str,
    glns: Iterable[str],
    devices: Iterable[str],
    digests: Iterable[str],
) -> Voices:
    """Hold keys and partners, all in one question; the keys as they are now.

    Args:
        revoking: keyid that the caller is about to revoke; held exclusively.
        devices: keyids of device keys, `digests` of the delegations they show.

    Raises:
        Unavailable: `ledger_not_open`.
    """
    wanted, parties = sorted(set(keyids)), sorted(set(glns))
    if revoking:
        lock_keys(keyids=wanted, exclusive=revoking)
        lock_partners(glns=parties)
    is_holding = not revoking and connection.vendor == "postgresql"
    lists = {"keyids": wanted, "devices": devices, "digests": digests}
    if is_holding:
        lists["glns"] = parties
    given = {name: texts(values) for name, values in lists.items()}
    given["genesis"] = remembered = queries.remembered_genesis()
    with connection.cursor() as cursor:
        cursor.execute(_question(connection.vendor, is_holding=is_holding), given)
        rows = cursor.fetchall()
    named = {kind: {row[1] for row in rows if row[0] == kind} for kind in _KINDS}
    return Voices(
        keys=[HeldKey(row[1], bytes(row[2]), *row[3:]) for row in rows if row[2]],
        genesis=queries.read_genesis(remembered)
        if named["genesis"]
        else queries.get_genesis(),
        ended=named["ended"],
        seen=named["seen"],
    )


@cache
def _question(vendor: str, *, is_holding: bool) -> str:
    names = ("keyids", "glns", "devices", "digests")
    sql = _HELD if is_holding else _FOUND
    return sql.format(**{name: among(name) for name in names})


_KINDS: Final = ("genesis", "ended", "seen")


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
