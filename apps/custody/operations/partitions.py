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
BRIEFLY: Final = "SET LOCAL lock_timeout = '5s'"  # else all queue up behind us
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
    return [Partition(*row) for row in read_rows(_LIST, [table])]


def cut() -> int:
    """End the last partition behind the newest lots; the first cut makes partitions.

    Returns:
        the first batch row of the new last partition.

    Raises:
        MalformedInput: `wrong_database`: only PostgreSQL has partitions.
        LedgerConflict: `cut_again`: more lots began meanwhile than were allowed for;
            nothing was changed.
    """
    verify_postgresql()
    end = newest_lot() + MARGIN
    try:
        for table in TABLES:
            _look_at_rows(table, end)
        with transaction.atomic():
            run(BRIEFLY, f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
            _verify_not_outgrown(end)
            _cut_all(end)
    except BaseException:
        # A bound on the part that still grows would refuse lots one day.
        for table in TABLES:
            _forget_bounds(_growing(table)[0])
        raise
    return end


def verify_postgresql() -> None:
    """Refuse another database: `wrong_database`."""
    if connection.vendor != "postgresql":
        raise MalformedInput(
            "wrong_database", got=connection.vendor, wanted="postgresql"
        )


def part_name(table: str, number: int) -> str:
    """The table that is part `number` of `table`, attached or not."""
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
    run(
        f"ALTER TABLE {name} ADD CONSTRAINT {_bounds(table)}"
        f" CHECK (batch_id >= {first} AND batch_id < {end}) NOT VALID",
        f"ALTER TABLE {name} VALIDATE CONSTRAINT {_bounds(table)}",
    )


def _bounds(table: str) -> str:
    return f"{part_name(table, _number(table))}_bounds"


def _number(table: str) -> int:
    """Of the part that grows, by its name: older ones may be detached."""
    parts = list_partitions(table)
    return int(parts[-1].name.rpartition("_")[2]) if parts else 1


def _forget_bounds(name: str) -> None:
    table = next(table for table in TABLES if name.startswith(table))
    run(f"ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {_bounds(table)}")


def _cut_all(end: int) -> None:
    if not list_partitions(TABLES[0]):
        # A line is found by batch and number; a constraint would want both.
        for (name,) in read_rows(_TO_LINES, []):
            run(f"ALTER TABLE custody_eventchunk DROP CONSTRAINT {name}")
        for table in TABLES:
            _begin(table)
    for table in TABLES:
        parts, number = list_partitions(table), _number(table)
        name = part_name(table, number)
        first = 0
        if parts:
            first = _growing(table)[1]
            run(f"ALTER TABLE {table} DETACH PARTITION {name}")
        following = part_name(table, number + 1)
        run(
            f"ALTER TABLE {table} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ({first}) TO ({end})",
            f"CREATE TABLE {following} PARTITION OF {table}"
            f" FOR VALUES FROM ({end}) TO (MAXVALUE)",
        )
        if not _is_whole(key := _key(name)):
            run(f"ALTER TABLE {following} ADD {key}")


def _begin(table: str) -> None:
    """The table becomes its own first part; no row is moved, no index is built."""
    old = part_name(table, 1)
    key = _key(table)
    run(
        f"ALTER TABLE {table} RENAME TO {old}",
        f"CREATE TABLE {table} (LIKE {old} INCLUDING DEFAULTS INCLUDING CONSTRAINTS"
        " INCLUDING STORAGE INCLUDING COMPRESSION) PARTITION BY RANGE (batch_id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {old}_bounds",
    )
    if _is_whole(key):
        run(f"ALTER TABLE {table} ADD {key}")
    else:
        _number_on(table, old)
    for (definition,) in read_rows(_FOREIGN, [old]):
        run(f"ALTER TABLE {table} ADD {definition}")
    for definition, _is_unique, constraint in read_rows(_INDEXES, [old]):
        columns = str(definition).partition(" USING ")[2]
        run(
            f"ALTER TABLE {table} ADD {constraint}"
            if constraint
            else f"CREATE INDEX ON {table} USING {columns}"
        )


def _key(table: str) -> str:
    ((key,),) = read_rows(_KEY, [table])
    return str(key)


def _is_whole(key: str) -> bool:
    """Whether a key can be one of all parts together: by batch, as they are cut."""
    return "batch_id" in key


def _number_on(table: str, old: str) -> None:
    """Rows of the whole table go on where its first part's numbers end."""
    ((following,),) = read_rows(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {old}", [])  # noqa: S608 - ours
    run(
        f"ALTER TABLE {old} ALTER id DROP IDENTITY IF EXISTS",
        f"ALTER TABLE {table} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY"
        f" (START WITH {following})",
    )


def _verify_not_outgrown(end: int) -> None:
    if newest_lot() >= end:
        raise LedgerConflict("cut_again", wanted=f"below {MARGIN} new lots")


def newest_lot() -> int:
    """The row of the newest lot; 0 before the first."""
    ((newest,),) = read_rows("SELECT COALESCE(MAX(id), 0) FROM catalog_batch", [])
    return int(newest)


def read_rows(sql: str, params: list[str]) -> list[tuple[Any, ...]]:
    """All rows of a question."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def run(*statements: str) -> None:
    """One statement after the other."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
