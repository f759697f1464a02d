"""Who signed the steps that the asker may read, and what the signature means."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core.statement import parse_statement
from apps.ledger.queries import payloads_of
from apps.partners import queries as partners


def said_by(statement_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name of the person, "" if it has no account here, and meaning; by statement.

    Erased statements are absent. Two questions, however many statements.
    """
    found: dict[str, tuple[str, str]] = {}
    for statement_id, payload in payloads_of(set(statement_ids) - {""}).items():
        statement = parse_statement(payload)
        found[statement_id] = (statement.signer, statement.meaning)
    names = partners.names_of({signer for signer, _ in found.values()})
    return {
        key: (names.get(signer, ""), meaning)
        for key, (signer, meaning) in found.items()
    }
