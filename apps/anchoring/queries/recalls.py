"""Recalls as everybody reads them below /log/recalls/."""

from __future__ import annotations

import json
from typing import Final

from apps.anchoring.clients.public_files import public_files
from apps.core.canonical import canonical_bytes
from apps.core.strict import format_base64
from apps.ledger import queries as ledger
from apps.ledger.formats import split_salts

RECALL_FORMAT: Final = "pharmatrace-recall/v1"


def build_recall_file(statement_id: str) -> bytes | None:
    """The RFC 8785 bytes that are published of a logged statement.

    They never change: proofs, which differ from checkpoint to checkpoint, are not among
    them; whoever has an index makes one from the tiles. None where the statement is
    unknown, erased or has no leaf yet.

    Source: docs/formats.md, recall file.
    """
    vault, rows = ledger.find_vault(statement_id), ledger.leaves_of(statement_id)
    if vault is None or not rows:
        return None
    salts = split_salts(bytes(vault.salts))
    return canonical_bytes(
        {
            "format": RECALL_FORMAT,
            "envelope": json.loads(ledger.get_envelope(statement_id)),
            "accepted_ms": vault.statement.accepted_ms,
            "leaves": [
                {
                    "index": row.index,
                    "leaf": row.leaf.encode().hex(),
                    "position": row.position,
                    "salt": format_base64(salts[row.position]),
                }
                for row in rows
            ],
        }
    )


def find_recall_file(statement_id: str) -> bytes | None:
    """The published file of a statement; None if there is none."""
    return public_files().find_recall(statement_id)


def list_recall_files() -> list[str]:
    """The ids under which recalls are published."""
    return public_files().list_recalls()
