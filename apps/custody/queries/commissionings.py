"""Which staged serials were signed since, and what awaits a lot at its birth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from apps.core.recall import parse_scope
from apps.custody.models import Commissioning, RecallRule


def find_commissionings(*, roots: Sequence[bytes]) -> dict[bytes, str]:
    """Statement id by Merkle root, of those roots that a commissioning signed.

    A root stands for one staging: its seed is random.
    """
    rows = Commissioning.objects.filter(root__in=list(roots))
    return {
        bytes(root): statement_id
        for root, statement_id in rows.values_list("root", "statement_id")
    }


def find_recall_ahead(*, product_id: int, lot: str, expiry_date: date) -> str | None:
    """The open recall under which a lot would be born recalled, by its id, or None."""
    rules = RecallRule.objects.filter(product_id=product_id).order_by("pk")
    for rule in rules:
        scope = parse_scope(rule.scope)
        if scope.covers_batch(lot=lot, expiry_date=expiry_date):
            return rule.recall_id
    return None
