"""Tree heads: committed in the database, published in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from apps.anchoring.clients.lock_store import lock_store
from apps.anchoring.clients.policy import build_policy
from apps.anchoring.clients.public_files import public_files
from apps.anchoring.models import Checkpoint, SignedNote, TreeState
from apps.core.checkpoint import Checkpoint as Head
from apps.core.errors import IntegrityBreach, MalformedInput
from apps.core.note import Note
from apps.core.notekey import VerifierKey
from apps.core.tiles import Tile


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """The checkpoint that outsiders see now; `note` is the file, byte for byte."""

    size: int
    root_hash: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A head for people: what it added, who sealed it and when."""

    size: int
    added: int
    root_hash: str
    time_ms: int
    signed_at: datetime | None
    seals: tuple[str, ...]


def find_tree() -> TreeState | None:
    """How far the log has grown in the database; None before the first leaf."""
    return TreeState.objects.filter(id=1).first()


def newest_checkpoint() -> PublishedHead | None:
    """The published checkpoint; None before the first.

    Raises:
        IntegrityBreach: `published_unreadable`.
    """
    note = public_files().read_checkpoint()
    if note is None:
        return None
    try:
        return read_head(note)
    except MalformedInput as error:
        raise IntegrityBreach("published_unreadable", field="checkpoint") from error


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
    return list(rows.prefetch_related("cosignatures")[:limit])


def list_rows(*, limit: int) -> list[CheckpointRow]:
    """The newest committed heads as a table shows them, the newest first."""
    rows = list_checkpoints(limit=limit + 1)
    sizes = [row.size for row in rows[1:]] + [0]
    return [
        _as_row(row, before) for row, before in zip(rows[:limit], sizes, strict=False)
    ]


def _as_row(row: Checkpoint, size_before: int) -> CheckpointRow:
    signed = getattr(row, "signed", None)
    names: tuple[str, ...] = ()
    if signed is not None:
        note = Note.parse(signed.note.encode())
        logs = dict.fromkeys(signature.name for signature in note.signatures)
        witnesses = sorted(each.witness for each in row.cosignatures.all())
        names = (*logs, *witnesses)
    return CheckpointRow(
        size=row.size,
        added=row.size - size_before,
        root_hash=bytes(row.root_hash).hex(),
        time_ms=row.time_ms,
        signed_at=signed.signed_at if signed else None,
        seals=names,
    )


def find_checkpoint_by_root(root_hash: bytes) -> Checkpoint | None:
    """The committed head with this root among the newest thousand."""
    newest = Checkpoint.objects.order_by("-size")[:1_000]
    return next((row for row in newest if bytes(row.root_hash) == root_hash), None)


def list_signed_sizes() -> list[int]:
    """The sizes of all heads that were signed, ascending."""
    sizes = SignedNote.objects.order_by("checkpoint_id")
    return list(sizes.values_list("checkpoint_id", flat=True))


def find_checkpoint(size: int) -> Checkpoint | None:
    """The committed head of exactly this size."""
    return Checkpoint.objects.select_related("signed").filter(size=size).first()


def find_checkpoint_over(index: int) -> Checkpoint | None:
    """The first committed head whose tree holds leaf `index`."""
    rows = Checkpoint.objects.select_related("signed").filter(size__gt=index)
    return rows.order_by("size").first()


def find_checkpoint_up_to(index: int) -> Checkpoint | None:
    """The last committed head whose tree ends ahead of leaf `index`."""
    return Checkpoint.objects.filter(size__lte=index).order_by("-size").first()


def iter_checkpoints() -> Iterator[Checkpoint]:
    """All committed heads with their notes, ascending, a page at a time in memory."""
    rows = Checkpoint.objects.select_related("signed").order_by("size")
    size = 0
    while page := list(rows.filter(size__gt=size)[:1_000]):
        yield from page
        size = page[-1].size


class HeadRow(NamedTuple):
    """A committed head, without its note."""

    size: int
    root_hash: bytes
    map_root: bytes
    time_ms: int


def iter_heads() -> Iterator[HeadRow]:
    """All committed heads, ascending, a page at a time in memory."""
    rows = Checkpoint.objects.order_by("size")
    columns = rows.values_list("size", "root_hash", "map_root", "time_ms")
    for size, root_hash, map_root, time_ms in columns.iterator():
        yield HeadRow(size, bytes(root_hash), bytes(map_root), time_ms)


def list_notes_without_head() -> list[int]:
    """The sizes of notes whose head the database does not have: none, in a true one."""
    heads = Checkpoint.objects.filter(size=OuterRef("checkpoint_id"))
    notes = SignedNote.objects.filter(~Exists(heads)).order_by("checkpoint_id")
    return list(notes.values_list("checkpoint_id", flat=True))


def read_lock_store() -> bytes | None:
    """The note in the lock store; None before the first signature."""
    return lock_store().read()


def read_policy() -> bytes | None:
    """The published policy; None before the first checkpoint."""
    return public_files().read_policy()


def policy_of(keys: Iterable[VerifierKey]) -> bytes:
    """What must be published as the policy: the log's keys, at this address."""
    return build_policy(keys).format()


def find_tile(tile: Tile) -> bytes | None:
    """A published tile or bundle, exactly as named; None if it is not there."""
    return public_files().find_tile(tile)


def list_partials(tile: Tile) -> list[Tile]:
    """The published partial files of a tile or bundle, the shortest first."""
    return public_files().list_partials(tile)
