"""The brake on every append, and what an erasure takes away."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from apps.core.errors import MalformedInput
from apps.core.leaf import ERASABLE
from apps.ledger.formats import leaf_type_of
from apps.ledger.models import Erasure, Quarantine, Statement, Vault


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
