"""Tree heads: committed in the database, published in a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apps.anchoring.clients.lock_store import lock_store
from apps.anchoring.clients.public_files import public_files
from apps.anchoring.models import Checkpoint, SignedNote, TreeState
from apps.core.checkpoint import Checkpoint as Head
from apps.core.errors import IntegrityBreach, MalformedInput
from apps.core.note import Note
from apps.core.tiles import Tile


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """The checkpoint that outsiders see now; `note` is the file, byte for byte."""

    size: int
    root_hash: bytes
    note: bytes


def find_tree() -> TreeState | None:
    """How far the log has grown in the database; None before the first leaf."""
    return TreeState.objects.first()


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
    return list(rows[:limit])


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


def iter_checkpoints() -> Iterator[Checkpoint]:
    """All committed heads with their notes, ascending, a page at a time in memory."""
    rows = Checkpoint.objects.select_related("signed").order_by("size")
    size = 0
    while page := list(rows.filter(size__gt=size)[:1_000]):
        yield from page
        size = page[-1].size


def read_lock_store() -> bytes | None:
    """The note in the lock store; None before the first signature."""
    return lock_store().read()


def find_tile(tile: Tile) -> bytes | None:
    """A published tile or bundle, exactly as named; None if it is not there."""
    return public_files().find_tile(tile)
