"""Why a pack is recalled, read from the signed statement that opened the recall."""

from __future__ import annotations

from apps.core.bodies import parse_body
from apps.core.recall_bodies import RecallOpen
from apps.core.statement import parse_statement
from apps.ledger.queries import find_vault
from apps.scan.formats.words import recall_spoken


def spoken_recall(recall_id: str) -> str:
    """The sentence for a pack that this recall covers; short where it cannot be read."""
    vault = find_vault(recall_id)
    if vault is None:
        return recall_spoken(opened_ms=None, recall_class="", reason="")
    statement = parse_statement(bytes(vault.payload))
    body = parse_body(statement.kind, statement.body)
    if not isinstance(body, RecallOpen):
        return recall_spoken(opened_ms=None, recall_class="", reason="")
    return recall_spoken(
        opened_ms=vault.statement.accepted_ms,
        recall_class=body.recall_class,
        reason=body.reason,
    )
