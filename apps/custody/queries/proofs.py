"""Proofs for outsiders: of a statement with its keys, and of a pack."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

from django.core.cache import cache

from apps.anchoring import queries as anchoring
from apps.catalog import queries as catalog
from apps.core.envelope import parse_envelope
from apps.core.errors import IntegrityBreach, ProofError
from apps.core.packproof import PACK_FORMAT
from apps.core.serials import SerialProof, verify_serial
from apps.core.serialsbuild import SerialTree, block_roots
from apps.core.strict import format_base64
from apps.custody.models import Commissioning
from apps.custody.queries.commissionings import iter_serials
from apps.custody.queries.registry import serials_of
from apps.custody.queries.units import Unit
from apps.ledger import queries as ledger
from apps.partners import queries as partners

_KEPT_SECONDS: Final = 24 * 60 * 60


def find_statement_proof(statement_id: str) -> dict[str, Any] | None:
    """The proof file of a statement, with the statements that show its keys.

    None until every leaf of it is anchored, and where it is unknown or erased.

    Raises:
        IntegrityBreach: a published file of the log is missing.
    """
    proof = anchoring.proof_bundle(statement_id)
    if proof is not None:
        proof["keys"] = [
            json.loads(ledger.get_envelope(shown_by))
            for shown_by in _shown_by(statement_id)
        ]
    return proof


def _shown_by(statement_id: str) -> list[str]:
    """The statements that lead from genesis to the keys that signed, in id order."""
    shown: set[str] = set()
    fresh = {statement_id}
    while fresh:
        keys = partners.list_keys({key for each in fresh for key in _voices(each)})
        fresh = {key.enrolled_by for key in keys} - shown
        shown |= fresh
    return sorted(shown)


def _voices(statement_id: str) -> set[str]:
    """The keyids that signed, and those that lent a device key their voice."""
    envelope = parse_envelope(ledger.get_envelope(statement_id))
    lenders = (each.delegation for each in envelope.signatures if each.delegation)
    return {
        *(each.keyid for each in envelope.signatures),
        *(each.keyid for lender in lenders for each in lender.signatures),
    }


def find_pack_proof(unit: Unit) -> dict[str, Any] | None:
    """The proof that a pack was made, without its later steps (docs/formats.md).

    The upper part of a lot's serial tree is kept for a day: the first proof of a
    million packs takes some seconds, the others some milliseconds.

    None until the commissioning is anchored, and where it was erased.

    Raises:
        IntegrityBreach: a published file of the log is missing.
    """
    row = (
        Commissioning.objects.filter(batch_id=unit.batch_id, base__lte=unit.ordinal)
        .order_by("-base")
        .first()
    )
    statement = find_statement_proof(row.statement_id) if row else None
    if row is None or statement is None:
        return None
    place = _prove_place(row, unit)
    return {
        "format": PACK_FORMAT,
        "pack": {
            "gtin": unit.gtin,
            "lot": unit.lot,
            "expiry": unit.expiry_date.isoformat(),
            "serial": unit.serial,
        },
        "place": {
            "ordinal": place.ordinal,
            "salt": format_base64(place.salt),
            "path": [format_base64(each) for each in place.path],
        },
        "statement": statement,
    }


def _prove_place(row: Commissioning, unit: Unit) -> SerialProof:
    key = f"serial-blocks:{row.statement_id}"
    kept = cache.get(key)
    if isinstance(kept, bytes):
        # Whatever else lies there gives a proof that does not hold.
        with suppress(ProofError, RuntimeError):
            return _prove_with(kept, row, unit)
    made = _block_roots(row, unit)
    try:
        proof = _prove_with(made, row, unit)
    except ProofError as error:
        raise IntegrityBreach(
            "serials_differ", field=row.statement_id, got=error.code
        ) from error
    cache.set(key, made, timeout=_KEPT_SECONDS)
    return proof


def _prove_with(roots: bytes, row: Commissioning, unit: Unit) -> SerialProof:
    def read(first: int, end: int) -> list[str]:
        ordinals = range(row.base + first, row.base + end)
        found = serials_of(batch_id=unit.batch_id, ordinals=ordinals)
        return [found[ordinal] for ordinal in ordinals]

    tree = SerialTree(
        seed=bytes(row.seed),
        gtin=unit.gtin,
        base=row.base,
        size=row.size,
        roots=roots,
        read=read,
    )
    proof = tree.prove(unit.ordinal)
    verify_serial(
        proof=proof,
        gtin=unit.gtin,
        serial=unit.serial,
        base=row.base,
        size=row.size,
        root=bytes(row.root),
    )
    return proof


def _block_roots(row: Commissioning, unit: Unit) -> bytes:
    tag = catalog.get_batch(unit.batch_id).tag
    serials = iter_serials(tag=bytes(tag), base=row.base, size=row.size)
    return block_roots(
        seed=bytes(row.seed), gtin=unit.gtin, base=row.base, serials=serials
    )
