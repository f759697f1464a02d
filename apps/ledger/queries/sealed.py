"""Whole chains and many statements at once, for whoever hands them on in a bundle."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from apps.core.envelope import join_envelope
from apps.core.errors import LedgerConflict
from apps.edge.replica import read_connection as connection
from apps.ledger.formats import split_salts
from apps.ledger.models import Statement, Vault
from apps.ledger.queries.leaves import LEAVES, StoredLeaf, stored

_Item = TypeVar("_Item", bytes, str)
_AT_ONCE: Final = 500  # parameters of one statement on SQLite; envelopes in memory


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who said a statement, and of what kind it is."""

    kind: str
    by: str
    keyids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A statement with its private bytes.

    Args:
        envelope: RFC 8785 bytes.
        lines: the file of kind `events`, else b"".
        salts: one a subject, in order.
    """

    id: str
    accepted_ms: int
    kind: str
    payload: bytes
    envelope: bytes
    lines: bytes
    salts: list[bytes]


def chains_of(tags: Collection[bytes], *, below: int) -> dict[bytes, list[StoredLeaf]]:
    """The leaves of each tag with an index below `below`, oldest first."""
    found: dict[bytes, list[StoredLeaf]] = {tag: [] for tag in tags}
    for part in _parts(sorted(tags)):
        marks = ",".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                f'{LEAVES} WHERE tag IN ({marks}) AND "index" < %s'
                " ORDER BY tag, chain_seq",
                [*part, below],
            )
            for row in map(stored, cursor.fetchall()):
                found[row.tag].append(row)
    return found


def speakers_of(statement_ids: Collection[str]) -> dict[str, Speakers]:
    """Kind, party and keys of statements, by id."""
    found: dict[str, Speakers] = {}
    for part in _parts(sorted(statement_ids)):
        rows = Statement.objects.filter(id__in=part)
        for identity, kind, by, keyids in rows.values_list(
            "id", "kind", "by", "keyids"
        ):
            found[identity] = Speakers(kind, by, tuple(keyids.split()))
    return found


def delegators_among(statement_ids: Collection[str]) -> dict[str, str]:
    """By keyid of each device key that signed one of these: the key that lent to it."""
    found: dict[str, str] = {}
    for part in _parts(sorted(statement_ids)):
        rows = Vault.objects.filter(statement_id__in=part)
        for signatures in rows.values_list("signatures", flat=True):
            for each in json.loads(bytes(signatures)):
                if "delegation" in each:
                    lender = each["delegation"]["signatures"][0]["keyid"]
                    found[each["keyid"]] = lender
    return found


def iter_sealed(statement_ids: Sequence[str]) -> Iterator[list[Sealed]]:
    """The statements in the order given, some hundreds at a time.

    Raises:
        LedgerConflict: `history_erased`: the private bytes of one are gone.
    """
    for part in _parts(statement_ids):
        # Columns, not objects: there are many, and each is read once.
        rows = Vault.objects.filter(pk__in=part).values_list(
            *("statement_id", "statement__accepted_ms", "statement__kind"),
            *("payload", "signatures", "lines", "salts"),
        )
        found = {row[0]: row for row in rows}
        missing = next((each for each in part if each not in found), None)
        if missing is not None:
            raise LedgerConflict(
                "history_erased", got=missing, wanted="statements that are whole"
            )
        yield [_sealed(*found[each]) for each in part]


def _sealed(
    identity: str,
    accepted_ms: int,
    kind: str,
    payload: bytes,
    signatures: bytes,
    lines: bytes | None,
    salts: bytes,
) -> Sealed:
    payload = bytes(payload)
    return Sealed(
        id=identity,
        accepted_ms=accepted_ms,
        kind=kind,
        payload=payload,
        envelope=join_envelope(payload=payload, signatures=bytes(signatures)),
        lines=bytes(lines or b""),
        salts=split_salts(bytes(salts)),
    )


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for at in range(0, len(items), _AT_ONCE):
        yield items[at : at + _AT_ONCE]
