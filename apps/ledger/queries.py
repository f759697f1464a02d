"""What was said, read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from apps.core.errors import LedgerConflict, MalformedInput, Unavailable
from apps.core.leaf import Leaf as CoreLeaf
from apps.core.leaf import LeafType
from apps.core.statement import Reference, parse_statement
from apps.ledger.formats import Accepted, join_envelope
from apps.ledger.models import Leaf, Pending, Quarantine, Statement, Vault

# Seconds after which a client in quarantine may try again: people must act first.
_QUARANTINE_RETRY_SECONDS = 300

_LEAVES: Final = (
    'SELECT "index", statement_id, position, type, time_ms, tag, chain_seq,'
    " prev_leaf_hash, commitment, leaf_hash FROM ledger_leaf"
)
_RANGE: Final = f'{_LEAVES} WHERE "index" >= %s AND "index" < %s ORDER BY "index"'
_PAGE: Final = 4_096  # rows


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf as its row stands; `leaf` builds the public entry from it."""

    index: int
    statement_id: str | None
    position: int
    type: int
    time_ms: int
    tag: bytes
    chain_seq: int
    prev_leaf_hash: bytes
    commitment: bytes
    leaf_hash: bytes

    @property
    def leaf(self) -> CoreLeaf:
        """The public entry.

        Raises:
            MalformedInput: the row holds no leaf.
        """
        try:
            kind = LeafType(self.type)
        except ValueError as error:
            raise MalformedInput(
                "bad_leaf", field="leaf.type", got=self.type, wanted="1 to 7"
            ) from error
        return CoreLeaf(
            kind,
            self.time_ms,
            self.tag,
            self.chain_seq,
            self.prev_leaf_hash,
            self.commitment,
        )


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


def find_vault(statement_id: str) -> Vault | None:
    """The sealed part of a statement; None if unknown or erased."""
    return Vault.objects.filter(statement_id=statement_id).first()


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


def list_leaves(*, start: int, stop: int) -> Iterator[StoredLeaf]:
    """The leaves with start <= index < stop, in order, a page at a time in memory."""
    while start < stop:
        end = min(start + _PAGE, stop)
        with connection.cursor() as cursor:
            cursor.execute(_RANGE, [start, end])
            rows = cursor.fetchall()
        yield from map(_stored, rows)
        start = end


def get_leaf(index: int) -> StoredLeaf:
    """The leaf at `index`.

    Raises:
        Leaf.DoesNotExist: the tree is not that large.
    """
    for row in list_leaves(start=index, stop=index + 1):
        return row
    raise Leaf.DoesNotExist(f"no leaf {index}")


def leaves_of(statement_id: str) -> list[StoredLeaf]:
    """The leaves of a statement in subject order; none while it is pending."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_LEAVES} WHERE statement_id = %s ORDER BY position", [statement_id]
        )
        return list(map(_stored, cursor.fetchall()))


def oldest_pending_ms() -> int | None:
    """When the statement that waits longest was accepted; None if none waits."""
    waiting = Pending.objects.order_by("accept_no")
    return waiting.values_list("accepted_ms", flat=True).first()


def _stored(row: tuple[Any, ...]) -> StoredLeaf:
    index, statement_id, position, kind, time_ms, tag, *chain = row
    chain_seq, previous, commitment, digest = chain
    return StoredLeaf(
        index=index,
        statement_id=statement_id,
        position=position,
        type=kind,
        time_ms=time_ms,
        tag=bytes(tag),
        chain_seq=chain_seq,
        prev_leaf_hash=bytes(previous),
        commitment=bytes(commitment),
        leaf_hash=bytes(digest),
    )
