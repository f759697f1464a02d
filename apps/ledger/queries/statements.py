"""What was said, read back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from django.db import connection

from apps.core.envelope import join_envelope
from apps.core.errors import LedgerConflict, Unavailable
from apps.core.statement import parse_statement
from apps.edge.lists import among, texts
from apps.ledger.formats import Accepted
from apps.ledger.models import Pending, Quarantine, Statement, Vault

# Seconds after which a client in quarantine may try again: people must act first.
_QUARANTINE_RETRY_SECONDS: Final = 300


def require_no_quarantine() -> None:
    """Check that the ledger may be written.

    Raises:
        Unavailable: `quarantined`.
    """
    if Quarantine.objects.exists():
        raise Unavailable("quarantined", retry_after_seconds=_QUARANTINE_RETRY_SECONDS)


def find_quarantine() -> Quarantine | None:
    """Why and since when the ledger is read-only; None if it is not."""
    return Quarantine.objects.first()


def find_accepted(statement_id: str) -> Accepted | None:
    """The stored answer to a statement, with `is_new` False; None if unknown.

    Raises:
        LedgerConflict: `statement_erased`: its sealed part, receipt included, is gone.
    """
    statement = Statement.objects.filter(id=statement_id).first()
    if statement is None:
        return None
    vault = Vault.objects.filter(statement_id=statement_id).first()
    if vault is None:
        raise LedgerConflict("statement_erased", got=statement_id)
    subjects = parse_statement(bytes(vault.payload)).subjects
    return Accepted(
        statement_id=statement.id,
        accepted_ms=statement.accepted_ms,
        tags=tuple(subject.tag.hex() for subject in subjects),
        receipt=json.loads(bytes(vault.receipt)),
        is_new=False,
    )


def find_all_accepted(
    statement_ids: Iterable[str],
) -> dict[str, tuple[Accepted | None, tuple[str, ...]]]:
    """The stored answers, as `find_accepted`, with the keys that signed, by id.

    None in place of an answer whose sealed part is gone; unknown ones are absent.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ACCEPTED.format(ids=among("ids")), {"ids": texts(statement_ids)}
        )
        rows = cursor.fetchall()
    return {row[0]: (_accepted(*row[:4]), tuple(row[4].split())) for row in rows}


_ACCEPTED: Final = (
    "SELECT s.id, s.accepted_ms, v.payload, v.receipt, s.keyids FROM ledger_statement s"
    " LEFT JOIN ledger_vault v ON v.statement_id = s.id WHERE s.id {ids}"
)


def _accepted(
    identity: str, accepted_ms: int, payload: bytes | None, receipt: bytes | None
) -> Accepted | None:
    if payload is None or receipt is None:
        return None
    return Accepted(
        statement_id=identity,
        accepted_ms=accepted_ms,
        tags=tuple(s.tag.hex() for s in parse_statement(bytes(payload)).subjects),
        receipt=json.loads(bytes(receipt)),
        is_new=False,
    )


def keyids_of(statement_id: str) -> tuple[str, ...]:
    """The keys that signed an accepted statement, ascending; empty if unknown."""
    found = Statement.objects.filter(id=statement_id).values_list("keyids", flat=True)
    return tuple(" ".join(found).split())


def signers_of(statement_ids: Iterable[str]) -> dict[str, str]:
    """The random ids under which statements were signed, by statement id."""
    found = Statement.objects.filter(id__in=set(statement_ids))
    return dict(found.values_list("id", "signer"))


def find_vault(statement_id: str) -> Vault | None:
    """The sealed part of a statement; None if unknown or erased."""
    return Vault.objects.filter(statement_id=statement_id).first()


def payloads_of(statement_ids: Iterable[str]) -> dict[str, bytes]:
    """What was signed, by statement; unknown and erased ones are absent."""
    ids = sorted(statement_ids)
    rows = Vault.objects.filter(statement_id__in=ids) if ids else Vault.objects.none()
    columns = rows.values_list("statement_id", "payload")
    return {statement_id: bytes(payload) for statement_id, payload in columns}


def list_alike(*, start: str, end: str, by: str, most: int) -> list[tuple[str, str]]:
    """Id and kind of statements whose hex id begins and ends so, in order.

    Args:
        by: GLN of the party that spoke; "" for all.
    """
    # "g" follows every hex digit: the range lets the primary key's index answer.
    rows = Statement.objects.filter(id__gte=start, id__lt=f"{start}g")
    rows = rows.filter(id__endswith=end) if end else rows
    rows = rows.filter(by=by) if by else rows
    return list(rows.order_by("id").values_list("id", "kind")[:most])


def get_envelope(statement_id: str) -> bytes:
    """The RFC 8785 bytes of a stored envelope.

    Raises:
        Vault.DoesNotExist: unknown or erased.
    """
    vault = Vault.objects.only("payload", "signatures").get(statement_id=statement_id)
    return join_envelope(
        payload=bytes(vault.payload), signatures=bytes(vault.signatures)
    )


def oldest_pending_ms() -> int | None:
    """When the statement that waits longest was accepted; None if none waits."""
    waiting = Pending.objects.order_by("accept_no")
    return waiting.values_list("accepted_ms", flat=True).first()
