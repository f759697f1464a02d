"""The only writers of the ledger: append what was said, hand it to the sequencer."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import IntegrityError, connection

from apps.core.envelope import envelope_digest, envelope_json, statement_id
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.leaf import ERASABLE, ZEROS, Leaf, commitment
from apps.core.receipt import build_receipt
from apps.edge import secrets as edge_secrets
from apps.ledger import queries
from apps.ledger.formats import (
    PENDING_LEAF_BYTES,
    SALT_BYTES,
    Accepted,
    PendingStatement,
    Submission,
    format_pending,
    leaf_type_of,
    parse_pending,
    signature_bytes,
)
from apps.ledger.models import Erasure, Quarantine, Statement, Vault

__all__ = [
    "LEAF_COLUMNS",
    "Accepted",
    "LeafRow",
    "Submission",
    "append_leaves",
    "append_statement",
    "erase_vault",
    "lift_quarantine",
    "quarantine",
    "take_pending",
]

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

_STATEMENT = (
    'INSERT INTO ledger_statement (id, accept_no, accepted_ms, kind, "by", signer,'
    " keyids, envelope_digest)"
    " VALUES (%s, NEXT_NO, %s, %s, %s, %s, %s, %s) RETURNING accept_no"
)
# One sequence without a cache on PostgreSQL: numbers rise in the order of drawing. On
# SQLite the transaction is the only writer (IMMEDIATE), so the next number is free.
_INSERT_STATEMENT: Final = {
    "postgresql": _STATEMENT.replace("NEXT_NO", "nextval('ledger_accept_no')"),
    "sqlite": _STATEMENT.replace(
        "NEXT_NO", "(SELECT coalesce(max(accept_no), 0) + 1 FROM ledger_statement)"
    ),
}
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


def append_statement(*, submission: Submission, accepted_ms: int) -> Accepted:
    """Append a judged statement; the last step of its transaction.

    It draws `accept_no` when all locks are held, so log order cannot contradict
    acceptance order (DESIGN section 7, step 1). `accepted_ms` is the law's clock,
    not below that of any parent.

    Raises:
        RuntimeError: called outside a transaction.
        Unavailable: `quarantined`.
        MalformedInput: `bad_leaf`: a tag that leaves of this kind cannot bear.
        LedgerConflict: `statement_known`: somebody was faster with the same one.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append_statement needs the handler's transaction")
    queries.require_no_quarantine()
    envelope, subjects = submission.envelope, submission.statement.subjects
    digest = envelope_digest(envelope)
    salts = [secrets.token_bytes(SALT_BYTES) for _ in subjects]
    commitments = [
        commitment(salt=salt, accepted_ms=accepted_ms, envelope_digest=digest)
        for salt in salts
    ]
    receipt = build_receipt(
        ledger=submission.statement.ledger,
        statement_id=statement_id(envelope),
        accepted_ms=accepted_ms,
        commitments=commitments,
        key=edge_secrets.receipt_key(),
    )
    accepted = Accepted(
        statement_id=statement_id(envelope),
        accepted_ms=accepted_ms,
        tags=tuple(subject.tag.hex() for subject in subjects),
        receipt=envelope_json(receipt),
        is_new=True,
    )
    leaf_type = leaf_type_of(submission.statement.kind)
    # A leaf that the log could not hold is refused here: later it would block it.
    leaves = [
        Leaf(leaf_type, accepted_ms, subject.tag, 0, ZEROS, committed)
        for subject, committed in zip(subjects, commitments, strict=True)
    ]
    try:
        _insert(submission, accepted, digest, b"".join(salts), leaves)
    except IntegrityError as error:
        raise LedgerConflict(
            "statement_known", got=accepted.statement_id, wanted="read it and try again"
        ) from error
    return accepted


def _insert(
    submission: Submission,
    accepted: Accepted,
    digest: bytes,
    salts: bytes,
    leaves: Sequence[Leaf],
) -> None:
    statement, envelope = submission.statement, submission.envelope
    identity, accepted_ms = accepted.statement_id, accepted.accepted_ms
    keyids = " ".join(signature.keyid for signature in envelope.signatures)
    receipt = json.dumps(accepted.receipt, separators=(",", ":")).encode()
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_STATEMENT[connection.vendor],
            [
                *(identity, accepted_ms, statement.kind, statement.by),
                *(statement.signer, keyids, digest),
            ],
        )
        (accept_no,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO ledger_vault"
            " (statement_id, payload, signatures, lines, salts, receipt)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                *(identity, envelope.payload, signature_bytes(envelope)),
                *(submission.lines, salts, receipt),
            ],
        )
        cursor.execute(
            "INSERT INTO ledger_pending (statement_id, accept_no, accepted_ms, leaves)"
            " VALUES (%s, %s, %s, %s)",
            [identity, accept_no, accepted_ms, format_pending(leaves)],
        )


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


def quarantine(*, reason: str, at: datetime) -> None:
    """Make the ledger read-only; the first reason stays until it is lifted."""
    Quarantine.objects.get_or_create(id=1, defaults={"reason": reason, "since_at": at})


def lift_quarantine() -> None:
    """Let the ledger be written again, once an operator has mended the cause."""
    Quarantine.objects.all().delete()


def erase_vault(*, statement_id: str, erased_by: str) -> None:
    """Delete a statement's sealed part, leaving the evidence that it was erased.

    `erased_by` is the id of the signed `erasure` statement that orders it.

    Raises:
        MalformedInput: `not_erasable`: what it says of parties, keys or products stays.
        RuntimeError: called outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("erase_vault needs the handler's transaction")
    kind = Statement.objects.values_list("kind", flat=True).get(pk=statement_id)
    if leaf_type_of(kind) not in ERASABLE:
        raise MalformedInput(
            "not_erasable",
            field="indices",
            got=kind,
            wanted="leaves of goods or recalls, types 1 and 6",
        )
    Erasure.objects.create(statement_id=statement_id, erased_by=erased_by)
    Vault.objects.filter(statement_id=statement_id).delete()
