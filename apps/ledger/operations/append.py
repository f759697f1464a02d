"""Statements that were judged, appended: the last step of their transaction."""

# ruff: noqa: S608 - only constants are put together; values are arguments.

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, NamedTuple

from django.db import IntegrityError, connection

from apps.core.envelope import envelope_json, join_envelope, statement_id
from apps.core.errors import LedgerConflict
from apps.core.leaf import ZEROS, Leaf, commitment
from apps.core.receipt import build_receipt
from apps.core.signing import PrivateKey
from apps.edge import secrets as edge_secrets
from apps.edge.lists import array
from apps.ledger import queries
from apps.ledger.formats import (
    SALT_BYTES,
    Accepted,
    Submission,
    format_pending,
    leaf_type_of,
    signature_bytes,
)

Located = Callable[[int], AbstractContextManager[None]]

_STATEMENT: Final = (
    'id, accept_no, accepted_ms, kind, "by", signer, keyids, envelope_digest'
)
_VAULT: Final = "statement_id, payload, signatures, lines, salts, receipt"
_PENDING: Final = "statement_id, accept_no, accepted_ms, leaves"
# Column, its type, in the order of a row of `_prepare`.
_GIVEN: Final = (
    *(("id", "text"), ("ms", "bigint"), ("kind", "text"), ("said_by", "text")),
    *(("signer", "text"), ("keyids", "text"), ("digest", "bytea")),
    *(("payload", "bytea"), ("signatures", "bytea"), ("lines", "bytea")),
    *(("salts", "bytea"), ("receipt", "bytea"), ("leaves", "bytea")),
)
_NAMES: Final = ", ".join(name for name, _ in _GIVEN)
_ONE: Final = ", ".join(f"%({name})s::{kind} AS {name}" for name, kind in _GIVEN)
_MANY: Final = ", ".join(f"%({name})s::{kind}[]" for name, kind in _GIVEN)
# A quarantine stops the statement, and with it all that stands on it.
_FREE: Final = "WHERE NOT EXISTS (SELECT 1 FROM ledger_quarantine)"
# The sequence has no cache: numbers rise in the order of drawing, which is that of
# the rows.
_APPEND: Final = f"""
WITH g AS MATERIALIZED ({{given}}),
s AS (
  INSERT INTO ledger_statement ({_STATEMENT})
  SELECT id, nextval('ledger_accept_no'), ms, kind, said_by, signer, keyids, digest
  FROM (SELECT * FROM g {_FREE} ORDER BY n) g RETURNING id, accept_no),
v AS (
  INSERT INTO ledger_vault ({_VAULT})
  SELECT id, payload, signatures, lines, salts, receipt FROM g JOIN s USING (id)),
p AS (
  INSERT INTO ledger_pending ({_PENDING})
  SELECT id, accept_no, ms, leaves FROM g JOIN s USING (id))
SELECT count(*) FROM s
"""
_APPEND_ONE: Final = _APPEND.format(given=f"SELECT {_ONE}, 1 AS n")
_APPEND_MANY: Final = _APPEND.format(
    given=f"SELECT * FROM unnest({_MANY}) WITH ORDINALITY AS u({_NAMES}, n)"
)
# On SQLite the transaction is the only writer (IMMEDIATE), so the next number is free.
_ONE_BY_ONE: Final = (
    f"INSERT INTO ledger_statement ({_STATEMENT})"
    " SELECT %(id)s, (SELECT coalesce(max(accept_no), 0) + 1 FROM ledger_statement),"
    " %(ms)s, %(kind)s, %(said_by)s, %(signer)s, %(keyids)s, %(digest)s"
    f" {_FREE}",
    f"INSERT INTO ledger_vault ({_VAULT}) SELECT %(id)s, %(payload)s, %(signatures)s,"
    f" %(lines)s, %(salts)s, %(receipt)s {_FREE}",
    f"INSERT INTO ledger_pending ({_PENDING})"
    " SELECT id, accept_no, accepted_ms, %(leaves)s FROM ledger_statement"
    " WHERE id = %(id)s",
)


class Prepared(NamedTuple):
    """A judged statement with its receipt, ready to be appended."""

    accepted: Accepted
    row: dict[str, Any]


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
    prepared = prepare_statements(
        judged=[(submission, accepted_ms)], located=lambda _: nullcontext()
    )
    (accepted,) = append_statements(prepared)
    return accepted


def prepare_statements(
    *, judged: Iterable[tuple[Submission, int]], located: Located
) -> list[Prepared]:
    """Sign the receipts and lay out the rows, before what others wait for is locked.

    Args:
        judged: each with the law's moment.
        located: lets an error say which of them it speaks of.

    Raises:
        MalformedInput: as `append_statement`.
    """
    key = edge_secrets.receipt_key()
    prepared: list[Prepared] = []
    for number, (submission, accepted_ms) in enumerate(judged):
        with located(number):
            prepared.append(_prepare(submission, accepted_ms, key))
    return prepared


def append_statements(prepared: Sequence[Prepared]) -> list[Accepted]:
    """As `append_statement`, for several in their order."""
    if not connection.in_atomic_block:
        raise RuntimeError("append_statement needs the handler's transaction")
    try:
        count = _insert([each.row for each in prepared])
    except IntegrityError as error:
        raise LedgerConflict(
            "statement_known",
            got=prepared[0].accepted.statement_id,
            wanted="read it and try again",
        ) from error
    if count != len(prepared):
        queries.require_no_quarantine()
        raise RuntimeError(f"{count} of {len(prepared)} statements were appended")
    return [each.accepted for each in prepared]


def _prepare(submission: Submission, accepted_ms: int, key: PrivateKey) -> Prepared:
    envelope, statement = submission.envelope, submission.statement
    identity, signatures = statement_id(envelope), signature_bytes(envelope)
    sealed = join_envelope(payload=envelope.payload, signatures=signatures)
    digest = hashlib.sha256(sealed).digest()  # the envelope's, written once
    salts = [secrets.token_bytes(SALT_BYTES) for _ in statement.subjects]
    commitments = [
        commitment(salt=salt, accepted_ms=accepted_ms, envelope_digest=digest)
        for salt in salts
    ]
    leaf_type = leaf_type_of(statement.kind)
    # A leaf that the log could not hold is refused here: later it would block it.
    leaves = [
        Leaf(leaf_type, accepted_ms, subject.tag, 0, ZEROS, committed)
        for subject, committed in zip(statement.subjects, commitments, strict=True)
    ]
    receipt = envelope_json(
        build_receipt(
            ledger=statement.ledger,
            statement_id=identity,
            accepted_ms=accepted_ms,
            commitments=commitments,
            key=key,
        )
    )
    tags = tuple(subject.tag.hex() for subject in statement.subjects)
    accepted = Accepted(identity, accepted_ms, tags, receipt, is_new=True)
    row = {
        "id": identity,
        "ms": accepted_ms,
        "kind": statement.kind,
        "said_by": statement.by,
        "signer": statement.signer,
        "keyids": " ".join(signature.keyid for signature in envelope.signatures),
        "digest": digest,
        "payload": envelope.payload,
        "signatures": signatures,
        "lines": submission.lines,
        "salts": b"".join(salts),
        "receipt": json.dumps(receipt, separators=(",", ":")).encode(),
        "leaves": format_pending(leaves),
    }
    return Prepared(accepted, row)


def _insert(rows: Sequence[dict[str, Any]]) -> int:
    """How many were appended: all, or in quarantine none."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return _insert_one_by_one(cursor, rows)
        if len(rows) == 1:
            cursor.execute(_APPEND_ONE, rows[0])
        else:
            given = {name: array(row[name] for row in rows) for name, _ in _GIVEN}
            cursor.execute(_APPEND_MANY, given)
        count: int = cursor.fetchone()[0]
        return count


def _insert_one_by_one(cursor: Any, rows: Sequence[dict[str, Any]]) -> int:
    for sql in _ONE_BY_ONE:
        cursor.executemany(sql, rows)
    count: int = cursor.rowcount  # of the last one
    return count
