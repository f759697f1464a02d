"""The log, read back: heads of chains, checkpoints, proofs, how it does."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from apps.anchoring.clients.public_files import public_files
from apps.anchoring.models import Checkpoint, SignedNote, TreeState
from apps.core.checkpoint import Checkpoint as Head
from apps.core.map import MapValue
from apps.core.note import Note
from apps.core.proof import TlogProof
from apps.core.strict import format_base64
from apps.core.tiles import TileHashes
from apps.core.tree import inclusion_path
from apps.edge.health import Line
from apps.ledger import queries as ledger
from apps.ledger.formats import as_ms, split_salts

PROOF_FORMAT: Final = "pharmatrace-proof/v1"
# A statement that waits longer than its receipt promises is an alarm.
LATE_SECONDS: Final = 60
_PAGE: Final = 10_000  # rows
_MOST_MARKS: Final = 500  # parameters of one statement on SQLite

_HEADS = "SELECT tag, count, head_leaf_hash, last_index FROM anchoring_mapentry"


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """The checkpoint that outsiders see now; `note` is the file, byte for byte."""

    size: int
    root_hash: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """How the log does, for the footer and /health.

    Args:
        log_size: leaves under the published checkpoint.
        age_seconds: since it was signed; None before the first.
        pending: whether statements wait for the sequencer.
        is_late: whether the oldest of them waits longer than receipts promise.
        witnesses_label: "no witnesses", or "witnesses k of n".
        quarantine_reason: "" where the ledger may be written.
    """

    log_size: int
    age_seconds: int | None
    pending: bool
    is_late: bool
    witnesses_label: str
    quarantine_reason: str

    @property
    def state(self) -> str:
        """`go`, `think` (late) or `stop` (quarantined)."""
        if self.quarantine_reason:
            return "stop"
        return "think" if self.is_late else "go"


def find_heads(tags: Collection[bytes]) -> dict[bytes, MapValue]:
    """What the map says now about those of `tags` that it knows."""
    found: dict[bytes, MapValue] = {}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{_HEADS} WHERE tag = ANY(%s)", [list(tags)])
            found.update(map(_head, cursor.fetchall()))
            return found
        for part in _parts(sorted(tags)):
            marks = ",".join(["%s"] * len(part))
            cursor.execute(f"{_HEADS} WHERE tag IN ({marks})", part)
            found.update(map(_head, cursor.fetchall()))
    return found


def list_heads(*, since_index: int = 0) -> Iterator[tuple[bytes, MapValue]]:
    """All entries of the map whose last leaf stands at `since_index` or later."""
    after = b""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"{_HEADS} WHERE last_index >= %s AND tag > %s ORDER BY tag LIMIT %s",
                [since_index, after, _PAGE],
            )
            rows = cursor.fetchall()
        yield from map(_head, rows)
        if len(rows) < _PAGE:
            return
        after = bytes(rows[-1][0])


def _head(row: tuple[Any, int, Any, int]) -> tuple[bytes, MapValue]:
    tag, count, digest, index = row
    return bytes(tag), MapValue(count, bytes(digest), index)


def _parts(tags: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for at in range(0, len(tags), _MOST_MARKS):
        yield tags[at : at + _MOST_MARKS]


def find_tree() -> TreeState | None:
    """How far the log has grown in the database; None before the first leaf."""
    return TreeState.objects.first()


def newest_checkpoint() -> PublishedHead | None:
    """The published checkpoint; None before the first."""
    note = public_files().read_checkpoint()
    return None if note is None else read_head(note)


def read_head(note: bytes) -> PublishedHead:
    """The head that a note speaks of; its signatures are not checked here.

    Raises:
        MalformedInput: it is no checkpoint.
    """
    head = Head.parse(Note.parse(note).text)
    return PublishedHead(head.tree_size, head.root_hash, note)


def list_checkpoints(*, limit: int) -> list[Checkpoint]:
    """The newest committed heads, with their notes where they were signed."""
    rows = Checkpoint.objects.select_related("signed").order_by("-size")
    return list(rows[:limit])


def list_signed_sizes() -> list[int]:
    """The sizes of all heads that were signed, ascending."""
    sizes = SignedNote.objects.order_by("checkpoint_id")
    return list(sizes.values_list("checkpoint_id", flat=True))


def find_checkpoint(size: int) -> Checkpoint | None:
    """The committed head of exactly this size."""
    return Checkpoint.objects.select_related("signed").filter(size=size).first()


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
        "map_root": {
            "leaf": ledger.get_leaf(head.size - 1).leaf.encode().hex(),
            "proof": _proof(source, head.size - 1, head),
        },
    }


def status(*, at: datetime) -> Status:
    """How the log does at the aware moment `at`; a few rows are read."""
    published = newest_checkpoint()
    row = find_checkpoint(published.size) if published else None
    signed = getattr(row, "signed", None)
    oldest_ms = ledger.oldest_pending_ms()
    quarantine = ledger.find_quarantine()
    return Status(
        log_size=published.size if published else 0,
        age_seconds=int((at - signed.signed_at).total_seconds()) if signed else None,
        pending=oldest_ms is not None,
        is_late=(oldest_ms is not None and as_ms(at) - oldest_ms > LATE_SECONDS * 1000),
        witnesses_label="no witnesses",
        quarantine_reason=quarantine.reason if quarantine else "",
    )


def log_line(at: datetime) -> Line:
    """The line on /health: unwell in quarantine, or when statements wait too long."""
    now = status(at=at)
    if now.quarantine_reason:
        return Line(is_well=False, detail="quarantined")
    age = "unsigned" if now.age_seconds is None else f"signed {now.age_seconds} s ago"
    late = ", statements wait too long" if now.is_late else ""
    return Line(
        is_well=not now.is_late,
        detail=f"size {now.log_size}, {age}, {now.witnesses_label}{late}",
    )
