"""How well a pack's last known step is proven by now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.anchoring.queries import Status
from apps.core.errors import LedgerConflict
from apps.ledger import queries as ledger


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One line under the verdict.

    Attributes:
        size: leaves under the checkpoint that covers the step, 0 while it is pending.
        signed_at: when that checkpoint was signed, None before the first one.
    """

    statement_id: str
    size: int
    signed_at: datetime | None
    witnesses_label: str


def find_receipt(statement_id: str) -> dict[str, Any] | None:
    """The receipt of a statement; None if there is none or it was erased."""
    if not statement_id:
        return None
    try:
        accepted = ledger.find_accepted(statement_id)
    except LedgerConflict:
        return None
    return accepted.receipt if accepted else None


def find_proof(statement_id: str, *, status: Callable[[], Status]) -> ProofLine | None:
    """Where the statement stands in the log; None without a statement.

    Args:
        status: how the log does now; asked only if it is needed.
    """
    if not statement_id:
        return None
    index, now = ledger.find_last_index(statement_id), status()
    is_covered = index is not None and index < now.log_size
    return ProofLine(
        statement_id=statement_id,
        size=now.log_size if is_covered else 0,
        signed_at=now.signed_at,
        witnesses_label=now.witnesses_label,
    )
