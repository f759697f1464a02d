"""Who signed the steps that the asker may read, and what the signature means."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core.statement import parse_statement
from apps.ledger.queries import find_vault
from apps.partners import queries as partners


def said_by(statement_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name of the person, "" if it has no account here, and meaning; by statement.

    Erased statements are absent.
    """
    found: dict[str, tuple[str, str]] = {}
    for statement_id in set(statement_ids) - {""}:
        vault = find_vault(statement_id)
        if vault is not None:
            statement = parse_statement(bytes(vault.payload))
            found[statement_id] = (statement.signer, statement.meaning)
    names = partners.names_of({signer for signer, _ in found.values()})
    return {
        key: (names.get(signer, ""), meaning)
        for key, (signer, meaning) in found.items()
    }
