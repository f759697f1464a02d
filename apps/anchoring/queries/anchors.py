"""Anchors: their tokens, and what is published of them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from apps.anchoring.clients.anchors import Stamp, find_judge
from apps.anchoring.clients.public_files import public_files
from apps.anchoring.models import (
    AnchorPending,
    AnchorPromise,
    AnchorToken,
    SignedNote,
)
from apps.core.canonical import JsonValue, canonical_bytes
from apps.core.leaf import LeafType
from apps.core.note import Note
from apps.ledger.formats import as_ms
from apps.ledger.queries import StoredLeaf

ANCHOR_FORMAT: Final = "pharmatrace-anchor/v1"
_PAGE: Final = 200  # tokens


def list_anchor_names(leaf: StoredLeaf) -> list[str]:
    """The files that are published of an anchor receipt; none of another leaf."""
    if leaf.type != LeafType.ANCHOR:
        return []
    row = AnchorToken.objects.filter(commitment=leaf.commitment).first()
    names = [f"{leaf.index}.json", f"{leaf.index}.{row.kind}"] if row else []
    return [name for name in names if public_files().find_anchor(name) is not None]


def find_head_text(tree_size: int) -> str | None:
    """The exact text of the signed head of this size: what anchors stamp."""
    signed = SignedNote.objects.filter(checkpoint_id=tree_size).first()
    return Note.parse(signed.note.encode()).text if signed else None


def list_tokens() -> Iterator[AnchorToken]:
    """All tokens in the order in which they came, a page at a time in memory."""
    rows = AnchorToken.objects.order_by("id")
    last = 0
    while page := list(rows.filter(id__gt=last)[:_PAGE]):
        yield from page
        last = page[-1].id


def list_pending_anchors() -> set[bytes]:
    """The commitments of the tokens that wait for their leaves."""
    waiting = AnchorPending.objects.values_list("token__commitment", flat=True)
    return {bytes(commitment) for commitment in waiting}


def list_promises() -> list[AnchorPromise]:
    """The stamps that are on their way, by the names of their services."""
    return list(AnchorPromise.objects.order_by("name"))


def verify_token(row: AnchorToken, text: str) -> Stamp | None:
    """Check a stored token over the text of its head; the stamp as it must be stored.

    None where its kind is not known here.

    Raises:
        TraceError: it does not hold.
    """
    judge = find_judge(name=row.name, kind=row.kind)
    if judge is None:
        return None
    return judge.verify(bytes(row.token), text.encode(), facts=row.facts)


def build_anchor_files(leaf: StoredLeaf) -> dict[str, bytes] | None:
    """What is published of an anchor receipt, by file name; None without its token.

    The token, and RFC 8785 bytes that say which head it stamps. Both never change.

    Source: docs/formats.md, anchor receipt.
    """
    row = AnchorToken.objects.filter(commitment=leaf.commitment).first()
    text = find_head_text(row.tree_size) if row else None
    if row is None or text is None:
        return None
    token = bytes(row.token)
    receipt: dict[str, JsonValue] = {
        "format": ANCHOR_FORMAT,
        "index": leaf.index,
        "leaf": leaf.leaf.encode().hex(),
        "name": row.name,
        "kind": row.kind,
        "checkpoint": text,
        "token": sha256(token).hexdigest(),
    }
    if row.stamped_at is not None:
        receipt["stamped_ms"] = as_ms(row.stamped_at)
    if row.facts:
        receipt["facts"] = row.facts
    return {
        f"{leaf.index}.{row.kind}": token,
        f"{leaf.index}.json": canonical_bytes(receipt),
    }


def find_anchor_file(name: str) -> bytes | None:
    """A published file of an anchor receipt; None if there is none."""
    return public_files().find_anchor(name)


def list_anchor_files() -> list[str]:
    """The names of all published files of anchor receipts."""
    return public_files().list_anchors()
