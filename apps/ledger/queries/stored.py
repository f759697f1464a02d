"""Statements with everything that is stored of them, many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from apps.edge.reading import fetch_rows, iter_rows
from apps.ledger.models import Statement
from apps.ledger.queries.leaves import StoredLeaf, leaves_among

_PAGE: Final = 200  # rows
_ROWS: Final = (
    "SELECT s.accept_no, s.id, s.accepted_ms, s.kind, s.by, s.signer, s.keyids,"
    " s.envelope_digest, e.statement_id IS NOT NULL, p.leaves,"
    " v.payload, v.signatures, v.lines, v.salts, v.receipt"
    " FROM ledger_statement s"
    " LEFT JOIN ledger_erasure e ON e.statement_id = s.id"
    " LEFT JOIN ledger_pending p ON p.statement_id = s.id"
    " LEFT JOIN ledger_vault v ON v.statement_id = s.id"
)
_NEXT: Final = f"{_ROWS} WHERE s.accept_no > %s ORDER BY s.accept_no LIMIT %s"
_LOGGED: Final = (
    "SELECT statement_id FROM ledger_leaf WHERE statement_id IS NOT NULL"
    ' GROUP BY statement_id ORDER BY min("index")'
)
_WAITING: Final = (
    "SELECT s.id FROM ledger_statement s WHERE NOT EXISTS"
    " (SELECT 1 FROM ledger_leaf l WHERE l.statement_id = s.id) ORDER BY s.accept_no"
)


class StoredVault(NamedTuple):
    """The sealed part of a statement, as its row stands (see `models.Vault`)."""

    payload: bytes
    signatures: bytes
    lines: bytes | None
    salts: bytes
    receipt: bytes


class StoredStatement(NamedTuple):
    """Everything that is stored of one statement, as the rows stand.

    Args:
        pending: the queue's bytes, None once it is logged.
        vault: None where it is missing or erased.
        leaves: in subject order, none while it is pending.
    """

    accept_no: int
    id: str
    accepted_ms: int
    kind: str
    by: str
    signer: str
    keyids: str
    envelope_digest: bytes
    is_erased: bool
    pending: bytes | None
    vault: StoredVault | None
    leaves: list[StoredLeaf]


def count_statements() -> int:
    """How many statements were accepted."""
    return Statement.objects.count()


def iter_statements() -> Iterator[list[StoredStatement]]:
    """All statements in order of acceptance, a page at a time in memory."""
    number = -1
    while rows := fetch_rows(_NEXT, [number, _PAGE]):
        leaves = leaves_among([row[1] for row in rows])
        yield [_stored(row, leaves.get(row[1], [])) for row in rows]
        number = rows[-1][0]


def iter_in_log_order() -> Iterator[StoredStatement]:
    """All by the index of their first leaf, those that wait behind; without leaves."""
    ids = chain(iter_rows(_LOGGED, []), iter_rows(_WAITING, []))
    while page := [name for (name,) in islice(ids, _PAGE)]:
        marks = ",".join(["%s"] * len(page))
        rows = fetch_rows(f"{_ROWS} WHERE s.id IN ({marks})", [*page])
        found = {row[1]: row for row in rows}
        yield from (_stored(found[name], []) for name in page if name in found)


def _stored(row: tuple[Any, ...], leaves: list[StoredLeaf]) -> StoredStatement:
    number, name, accepted_ms, kind, by, signer, keyids, digest, is_erased, pending = (
        row[:10]
    )
    return StoredStatement(
        accept_no=number,
        id=name,
        accepted_ms=accepted_ms,
        kind=kind,
        by=by,
        signer=signer,
        keyids=keyids,
        envelope_digest=digest,
        is_erased=bool(is_erased),
        pending=pending,
        vault=None if row[10] is None else StoredVault(*row[10:]),
        leaves=leaves,
    )
