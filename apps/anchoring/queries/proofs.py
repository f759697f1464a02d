"""Proofs for outsiders, made from the published files."""

from __future__ import annotations

import json
from typing import Any, Final

from apps.anchoring.clients.public_files import public_files
from apps.anchoring.queries.checkpoints import (
    PublishedHead,
    find_checkpoint_over,
    find_checkpoint_up_to,
    newest_checkpoint,
)
from apps.core.proof import TlogProof
from apps.core.strict import format_base64
from apps.core.tiles import TileHashes
from apps.core.tree import inclusion_path
from apps.ledger import queries as ledger
from apps.ledger.formats import split_salts

PROOF_FORMAT: Final = "pharmatrace-proof/v1"


def prove_leaf(index: int, head: PublishedHead) -> str:
    """The C2SP tlog-proof, as text, that leaf `index` is under `head`.

    Raises:
        IntegrityBreach: a published tile is missing or too short.
    """
    source = TileHashes(public_files().read_tile, tree_size=head.size)
    return _proof(source, index, head)


def _proof(source: TileHashes, index: int, head: PublishedHead) -> str:
    path = inclusion_path(source, index=index, tree_size=head.size)
    return TlogProof(index, tuple(path), head.note).format().decode()


def proof_bundle(statement_id: str) -> dict[str, Any] | None:
    """Everything an outsider needs to check one statement offline, as JSON.

    None until every leaf of it is under the published checkpoint, and where the
    statement is unknown or erased.

    Raises:
        IntegrityBreach: a published tile is missing or too short.
    """
    head, vault = newest_checkpoint(), ledger.find_vault(statement_id)
    rows = ledger.leaves_of(statement_id)
    if head is None or vault is None or not rows or rows[-1].index >= head.size:
        return None
    source = TileHashes(public_files().read_tile, tree_size=head.size)
    salts = split_salts(bytes(vault.salts))
    return {
        "format": PROOF_FORMAT,
        "envelope": json.loads(ledger.get_envelope(statement_id)),
        "accepted_ms": vault.statement.accepted_ms,
        "leaves": [
            {
                "leaf": row.leaf.encode().hex(),
                "salt": format_base64(salts[row.position]),
                "position": row.position,
                "proof": _proof(source, row.index, head),
            }
            for row in rows
        ],
        "map_root": _placed(source, head.size - 1, head),
        **_map_roots_around(source, rows[0].index, rows[-1].index, head),
    }


def _map_roots_around(
    source: TileHashes, first: int, last: int, head: PublishedHead
) -> dict[str, Any]:
    """The map roots of the run that took the leaves in, and of the one before it."""
    around = {}
    if before := find_checkpoint_up_to(first):
        around["before"] = _placed(source, before.size - 1, head)
    if after := find_checkpoint_over(last):
        around["after"] = _placed(source, after.size - 1, head)
    return around


def _placed(source: TileHashes, index: int, head: PublishedHead) -> dict[str, str]:
    return {
        "leaf": ledger.get_leaf(index).leaf.encode().hex(),
        "proof": _proof(source, index, head),
    }
