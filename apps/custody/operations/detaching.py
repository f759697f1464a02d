"""Parts that are taken out of their tables, to be moved, and put back (ADR 38)."""

from __future__ import annotations

import re
from typing import Final

from django.db import connection, transaction

from apps.core.errors import MalformedInput, Unavailable
from apps.custody.operations.partitions import (
    BRIEFLY,
    TABLES,
    Partition,
    list_partitions,
    newest_lot,
    part_name,
    read_rows,
    run,
    verify_postgresql,
)

# The bounds, kept as a constraint, say of a table that it was a part.
_DETACHED: Final = """
SELECT c.relname, pg_get_constraintdef(k.oid), pg_total_relation_size(c.oid)
FROM pg_class c JOIN pg_constraint k
  ON k.conrelid = c.oid AND k.conname = c.relname || '_bounds'
WHERE NOT c.relispartition AND c.relname ~ ('^' || %s || '_[0-9]+$') ORDER BY c.oid
"""


def list_detached(table: str) -> list[Partition]:
    """The parts that were taken out of one of `TABLES`, the oldest first."""
    if connection.vendor != "postgresql":
        return []
    return [Partition(*row) for row in read_rows(_DETACHED, [table])]


def verify_attached() -> None:
    """Refuse what would need the rows of a part that is out.

    Raises:
        Unavailable: `part_detached`.
    """
    out = [part.name for table in TABLES for part in list_detached(table)]
    if out:
        raise Unavailable("part_detached", got=", ".join(out), wanted="all attached")


def detach(number: int) -> list[str]:
    """Take the parts of one cut out of their tables, all or none; their names.

    Who asks for their lots is answered `part_detached` until they are back, and `fsck`
    names what is missing. For moving them; then `attach`.

    Raises:
        MalformedInput: `no_such_part`: no cut has this number; `part_grows`: lots that
            begin now still go to it.
    """
    verify_postgresql()
    with transaction.atomic():
        return [_detach_one(table, number) for table in TABLES]


def attach(number: int) -> list[str]:
    """Put them back, all or none; their bounds save looking at the rows.

    Raises:
        MalformedInput: `no_such_part`: nothing of this number is detached.
    """
    verify_postgresql()
    with transaction.atomic():
        return [_attach_one(table, number) for table in TABLES]


def _detach_one(table: str, number: int) -> str:
    name = part_name(table, number)
    ended = {part.name: part for part in list_partitions(table)[:-1]}
    if name not in ended:
        raise _no_such_part(number, list(ended))
    _, end = _numbers(ended[name].bounds)
    if newest_lot() + 1 < end:
        raise MalformedInput(
            "part_grows",
            field="number",
            got=str(number),
            wanted=f"lots up to row {end - 1} have begun, now {newest_lot()}",
        )
    run(BRIEFLY, f"ALTER TABLE {table} DETACH PARTITION {name}")
    return name


def _attach_one(table: str, number: int) -> str:
    name = part_name(table, number)
    out = {part.name: part for part in list_detached(table)}
    if name not in out:
        raise _no_such_part(number, list(out))
    first, end = _numbers(out[name].bounds)
    run(
        BRIEFLY,
        f"ALTER TABLE {table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ({first}) TO ({end})",
    )
    return name


def _numbers(bounds: str) -> tuple[int, int]:
    first, end = re.findall(r"\d+", bounds)
    return int(first), int(end)


def _no_such_part(number: int, known: list[str]) -> MalformedInput:
    return MalformedInput(
        "no_such_part", field="number", got=str(number), wanted=", ".join(known)
    )
