"""What was said, read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from apps.core.envelope import join_envelope
from apps.core.errors import LedgerConflict, Unavailable
from apps.core.statement import Reference, parse_statement
from apps.ledger.formats import Accepted
from apps.ledger.models import Erasure, Pending, Quarantine, Statement, Vault
from apps.ledger.queries.leaves import StoredLeaf, leaves_among

# Seconds after which a client in quarantine may try again: people must act first.
_QUARANTINE_RETRY_SECONDS: Final = 300
_STATEMENTS_PAGE: Final = 200  # rows


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


def find_accepted_ms(reference: Reference) -> int | None:
    """When the door accepted the statement that `reference` names; None if unknown."""
    found = Statement.objects.filter(id=reference.statement_id)
    return found.values_list("accepted_ms", flat=True).first()


def oldest_pending_ms() -> int | None:
    """When the statement that waits longest was accepted; None if none waits."""
    waiting = Pending.objects.order_by("accept_no")
    return waiting.values_list("accepted_ms", flat=True).first()


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """Everything that is stored of one statement, as the rows stand.

    Args:
        vault: None where it is missing or erased.
        pending: the queue's bytes, None once it is logged.
        leaves: in subject order, none while it is pending.
    """

    row: Statement
    vault: Vault | None
    is_erased: bool
    pending: bytes | None
    leaves: list[StoredLeaf]


def count_statements() -> int:
    """How many statements were accepted."""
    return Statement.objects.count()


def iter_statements() -> Iterator[StoredStatement]:
    """All statements in order of acceptance, a page at a time in memory."""
    number = -1
    rows = Statement.objects.order_by("accept_no")
    while page := list(rows.filter(accept_no__gt=number)[:_STATEMENTS_PAGE]):
        ids = [row.id for row in page]
        vaults = Vault.objects.in_bulk(ids)
        erased = Erasure.objects.in_bulk(ids)
        waiting = Pending.objects.in_bulk(ids)
        leaves = leaves_among(ids)
        for row in page:
            pending = waiting.get(row.id)
            yield StoredStatement(
                row=row,
                vault=vaults.get(row.id),
                is_erased=row.id in erased,
                pending=bytes(pending.leaves) if pending else None,
                leaves=leaves.get(row.id, []),
            )
        number = page[-1].accept_no
