"""Event lines, their index by chunk and the forward vectors, partitioned by batch.

PostgreSQL only (ADR 38). A partition holds the lots of a range of batch rows; they grow
one after another, so old partitions hold old lots. The last partition has no upper end:
no lot ever waits for an operator. Each step is one short transaction; the one long step
of a cut, looking at every row, is done before it while the site reads and writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from apps.core.errors import LedgerConflict, MalformedInput

# Parents before those that point to them.
TABLES: Final = ("custody_eventline", "custody_eventchunk", "custody_forwardchunk")
# Lots that may begin while a cut is looking at the rows.
MARGIN: Final = 1_000
_BRIEFLY: Final = "SET LOCAL lock_timeout = '5s'"  # else all queue up behind us
_LIST: Final = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), pg_total_relation_size(c.oid)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = %s::regclass ORDER BY c.oid
"""
_TO_LINES: Final = """
SELECT conname FROM pg_constraint WHERE contype = 'f'
AND conrelid = 'custody_eventchunk'::regclass
AND confrelid = 'custody_eventline'::regclass
"""
_FOREIGN: Final = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid = %s::regclass
"""
_INDEXES: Final = """
SELECT pg_get_indexdef(indexrelid, 0, true), indisunique,
  (SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE c.conindid = indexrelid
   AND c.contype = 'u')
FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary
"""
_KEY: Final = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'p' AND conrelid = %s::regclass
"""
_BOUNDS: Final = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of one table: `bounds` as PostgreSQL says them."""

    name: str
    bounds: str
    size_bytes: int


def list_partitions(table: str) -> list[Partition]:
    """The parts of one of `TABLES`, the oldest first; none if it is in one piece."""
    if connection.vendor != "postgresql":
        return []
    return [Partition(*row) for row in _rows(_LIST, [table])]


def cut() -> int:
    """End the last partition behind the newest lots; the first cut makes partitions.

    Returns:
        the first batch row of the new last partition.

    Raises:
        MalformedInput: `wrong_database`: only PostgreSQL has partitions.
        LedgerConflict: `cut_again`: more lots began meanwhile than were allowed for;
            nothing was changed.
    """
    _verify_postgresql()
    end = _newest() + MARGIN
    try:
        for table in TABLES:
            _look_at_rows(table, end)
        with transaction.atomic():
            _do(_BRIEFLY, f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
            _verify_not_outgrown(end)
            _cut_all(end)
    except BaseException:
        # A bound on the part that still grows would refuse lots one day.
        for table in TABLES:
            _forget_bounds(_growing(table)[0])
        raise
    return end


def _verify_postgresql() -> None:
    if connection.vendor != "postgresql":
        raise MalformedInput(
            "wrong_database", got=connection.vendor, wanted="postgresql"
        )


def detach(number: int) -> list[str]:
    """Take the parts of one cut out of their tables; their names.

    What they hold is not asked any more: their lots show no history, the law does not
    know their events, and `fsck` says so. For moving them; then `attach`.

    Raises:
        MalformedInput: `no_such_part`: no cut has this number, or it still grows.
    """
    return [_detach_one(table, number) for table in TABLES]


def attach(number: int) -> list[str]:
    """Put them back; the bounds, kept as a constraint, save looking at the rows.

    Raises:
        MalformedInput: `no_such_part`: nothing of this number is detached.
    """
    return [_attach_one(table, number) for table in TABLES]


def _detach_one(table: str, number: int) -> str:
    name = _part(table, number)
    ended = [part.name for part in list_partitions(table)[:-1]]
    if name not in ended:
        raise _no_such_part(number, ended)
    with transaction.atomic():
        _do(_BRIEFLY, f"ALTER TABLE {table} DETACH PARTITION {name}")
    return name


def _attach_one(table: str, number: int) -> str:
    _verify_postgresql()
    name = _part(table, number)
    known = [part.name for part in list_partitions(table)]
    found = _rows(_BOUNDS, [f"{name}_bounds"])
    if name in known or not found:
        raise _no_such_part(number, known)
    first, end = re.findall(r"\d+", str(found[0][0]))
    with transaction.atomic():
        _do(
            _BRIEFLY,
            f"ALTER TABLE {table} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ({first}) TO ({end})",
        )
    return name


def _no_such_part(number: int, known: list[str]) -> MalformedInput:
    return MalformedInput(
        "no_such_part", field="number", got=str(number), wanted=", ".join(known)
    )


def _part(table: str, number: int) -> str:
    return f"{table}_{number}"


def _growing(table: str) -> tuple[str, int]:
    """The part that takes new lots, and its first batch row; at first all of it."""
    parts = list_partitions(table)
    if not parts:
        return table, 0
    return parts[-1].name, int(re.findall(r"\d+", parts[-1].bounds)[0])


def _look_at_rows(table: str, end: int) -> None:
    """Have it written down that no row is beyond `end`: attaching need not look."""
    name, first = _growing(table)
    _forget_bounds(name)
    _do(
        f"ALTER TABLE {name} ADD CONSTRAINT {_bounds(table)}"
        f" CHECK (batch_id >= {first} AND batch_id < {end}) NOT VALID",
        f"ALTER TABLE {name} VALIDATE CONSTRAINT {_bounds(table)}",
    )


def _bounds(table: str) -> str:
    return f"{_part(table, max(1, len(list_partitions(table))))}_bounds"


def _forget_bounds(name: str) -> None:
    table = next(table for table in TABLES if name.startswith(table))
    _do(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {_bounds(table)}")


def _cut_all(end: int) -> None:
    if not list_partitions(TABLES[0]):
        # A line is found by batch and number; a constraint would want both.
        for (name,) in _rows(_TO_LINES, []):
            _do(f"ALTER TABLE custody_eventchunk DROP CONSTRAINT {name}")
        for table in TABLES:
            _begin(table)
    for table in TABLES:
        parts = list_partitions(table)
        number = max(1, len(parts))
        name = _part(table, number)
        first = 0
        if parts:
            first = _growing(table)[1]
            _do(f"ALTER TABLE {table} DETACH PARTITION {name}")
        following = _part(table, number + 1)
        _do(
            f"ALTER TABLE {table} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ({first}) TO ({end})",
            f"CREATE TABLE {following} PARTITION OF {table}"
            f" FOR VALUES FROM ({end}) TO (MAXVALUE)",
        )
        if not _is_whole(key := _key(name)):
            _do(f"ALTER TABLE {following} ADD {key}")


def _begin(table: str) -> None:
    """The table becomes its own first part; no row is moved, no index is built."""
    old = _part(table, 1)
    key = _key(table)
    _do(
        f"ALTER TABLE {table} RENAME TO {old}",
        f"CREATE TABLE {table} (LIKE {old} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
        " INCLUDING STORAGE INCLUDING COMPRESSION) PARTITION BY RANGE (batch_id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {old}_bounds",
    )
    if _is_whole(key):
        _do(f"ALTER TABLE {table} ADD {key}")
    else:
        _number_on(table, old)
    for (definition,) in _rows(_FOREIGN, [old]):
        _do(f"ALTER TABLE {table} ADD {definition}")
    for definition, _is_unique, constraint in _rows(_INDEXES, [old]):
        columns = str(definition).partition(" USING ")[2]
        _do(
            f"ALTER TABLE {table} ADD {constraint}"
            if constraint
            else f"CREATE INDEX ON {table} USING {columns}"
        )


def _key(table: str) -> str:
    ((key,),) = _rows(_KEY, [table])
    return str(key)


def _is_whole(key: str) -> bool:
    """Whether a key can be one of all parts together: by batch, as they are cut."""
    return "batch_id" in key


def _number_on(table: str, old: str) -> None:
    """Rows of the whole table go on where its first part's numbers end."""
    ((following,),) = _rows(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {old}", [])  # noqa: S608 - ours
    _do(
        f"ALTER TABLE {old} ALTER id DROP IDENTITY IF EXISTS",
        f"ALTER TABLE {table} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY"
        f" (START WITH {following})",
    )


def _verify_not_outgrown(end: int) -> None:
    if _newest() >= end:
        raise LedgerConflict("cut_again", wanted=f"below {MARGIN} new lots")


def _newest() -> int:
    ((newest,),) = _rows("SELECT COALESCE(MAX(id), 0) FROM catalog_batch", [])
    return int(newest)


def _rows(sql: str, params: list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _do(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
