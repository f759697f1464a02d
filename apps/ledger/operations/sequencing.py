"""What the sequencer takes from the queue and enters as leaves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import connection

from apps.core.errors import LedgerConflict
from apps.ledger.formats import PENDING_LEAF_BYTES, PendingStatement, parse_pending

LEAF_COLUMNS: Final = (
    "index",
    "statement_id",
    "position",
    "type",
    "time_ms",
    "tag",
    "chain_seq",
    "prev_leaf_hash",
    "commitment",
    "leaf_hash",
)
_LEAF_TYPES: Final = (
    *("int8", "text", "int4", "int2", "int8"),
    *("bytea", "int8", "bytea", "bytea", "bytea"),
)
LeafRow = tuple[
    int, str | None, int, int, int, bytes, int, bytes, bytes, bytes
]  # in the order of LEAF_COLUMNS

_TAKE: Final = (
    "DELETE FROM ledger_pending WHERE accept_no {}"
    " RETURNING statement_id, accept_no, accepted_ms, leaves"
)
# A list of any length as one argument.
_TAKE_LISTED: Final = {
    "postgresql": _TAKE.format("= ANY(%s)"),
    "sqlite": _TAKE.format("IN (SELECT value FROM json_each(%s))"),
}
_COLUMNS: Final = ", ".join(f'"{name}"' for name in LEAF_COLUMNS)
_COPY_LEAVES: Final = f"COPY ledger_leaf ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"
_MARKS: Final = ", ".join(["%s"] * len(LEAF_COLUMNS))
_INSERT_LEAF: Final = f"INSERT INTO ledger_leaf ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608  # constants


def take_pending(*, limit_leaves: int) -> list[PendingStatement]:
    """Take whole statements from the queue, ascending by accept_no.

    What is taken is what is there: a lower number that commits later is simply taken
    later. No further statement is taken once there are `limit_leaves` leaves. For the
    sequencer only, inside its transaction.

    Raises:
        RuntimeError: called outside a transaction.
        LedgerConflict: `sequencer_race`: another sequencer took some of them.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("take_pending needs the sequencer's transaction")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT accept_no, length(leaves) FROM ledger_pending"
            " ORDER BY accept_no LIMIT %s",
            [limit_leaves],
        )
        numbers = _cut(cursor.fetchall(), limit_leaves)
        if not numbers:
            return []
        argument = numbers if _is_postgresql() else json.dumps(numbers)
        cursor.execute(_TAKE_LISTED[connection.vendor], [argument])
        rows = cursor.fetchall()
    if len(rows) != len(numbers):
        raise LedgerConflict("sequencer_race", got=len(rows), wanted=str(len(numbers)))
    taken = [
        PendingStatement(identity, number, at_ms, tuple(parse_pending(bytes(leaves))))
        for identity, number, at_ms, leaves in rows
    ]
    return sorted(taken, key=lambda statement: statement.accept_no)


def _cut(rows: Iterable[tuple[int, int]], limit_leaves: int) -> list[int]:
    """The first numbers whose leaves reach the limit; at least one statement."""
    numbers, size = [], 0
    for number, size_bytes in rows:
        if size >= limit_leaves:
            break
        numbers.append(number)
        size += size_bytes // PENDING_LEAF_BYTES
    return numbers


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def append_leaves(*, rows: Sequence[LeafRow]) -> None:
    """Insert leaves in bulk; for the sequencer only, inside its transaction.

    Raises:
        RuntimeError: called outside a transaction.
        IntegrityError: an index, a place in a chain or a leaf hash exists, or a
            statement does not.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append_leaves needs the sequencer's transaction")
    with connection.cursor() as cursor:
        if not _is_postgresql():
            cursor.executemany(_INSERT_LEAF, rows)
            return
        with connection.wrap_database_errors, cursor.cursor.copy(_COPY_LEAVES) as copy:
            copy.set_types(_LEAF_TYPES)
            for row in rows:
                copy.write_row(row)
