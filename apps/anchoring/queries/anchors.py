"""Anchors: how each service does, and what is published of its tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db.models import Max
from django.utils.translation import gettext as _

from apps.anchoring.clients.anchors import AnchorOptions, find_judge, list_anchors
from apps.anchoring.clients.public_files import public_files
from apps.anchoring.models import (
    AnchorPending,
    AnchorState,
    AnchorToken,
    SignedNote,
)
from apps.anchoring.queries.checkpoints import newest_checkpoint
from apps.core.canonical import canonical_bytes
from apps.core.leaf import LeafType
from apps.core.note import Note
from apps.edge.health import Line
from apps.ledger import queries as ledger
from apps.ledger.formats import as_ms
from apps.ledger.queries import StoredLeaf

ANCHOR_FORMAT: Final = "pharmatrace-anchor/v1"
# What was said and is not stamped so long after is an alarm.
LATE: Final = timedelta(hours=2)
_PAGE: Final = 200  # tokens


@dataclass(frozen=True, slots=True)
class AnchorStand:
    """How far a service has stamped this log.

    Args:
        tree_size: of the newest head that it stamped, 0 before the first.
        waiting_ms: when the first leaf of a statement was logged that is published and
            not stamped; None where there is none.
        state: what came of asking it; None before the first time.
    """

    options: AnchorOptions
    tree_size: int
    waiting_ms: int | None
    state: AnchorState | None

    def is_late(self, at: datetime) -> bool:
        """Whether something waits for its stamp for too long."""
        return self.waiting_ms is not None and self.waiting_ms < as_ms(at - LATE)

    def words(self, at: datetime) -> str:
        """One line for operators."""
        said = f"{self.options.name}: no stamp yet"
        if self.tree_size:
            said = f"{self.options.name}: size {self.tree_size}"
        if self.state is not None and self.state.stamped_at is not None:
            age = int((at - self.state.stamped_at).total_seconds())
            said += f" stamped {max(0, age)} s ago"
        if self.state is not None and self.state.fault:
            said += f", {self.state.fault}"
        return f"{said}, late" if self.is_late(at) else said


def list_anchor_stands() -> list[AnchorStand]:
    """How every service of the settings stands, in their order.

    Leaves of map roots and anchors do not wait: else each stamp would make the next.

    Raises:
        Unavailable: `anchors_unusable`.
        IntegrityBreach: `published_unreadable`.
    """
    services = list_anchors()
    if not services:
        return []
    published = newest_checkpoint()
    size = published.size if published else 0
    newest = AnchorToken.objects.values("name").annotate(size=Max("tree_size"))
    sizes = {row["name"]: row["size"] for row in newest}
    states = {row.name: row for row in AnchorState.objects.all()}
    return [
        AnchorStand(
            options=options,
            tree_size=sizes.get(options.name, 0),
            waiting_ms=_waiting_ms(sizes.get(options.name, 0), size),
            state=states.get(options.name),
        )
        for options in services
    ]


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """A service for people.

    Args:
        stamped_at: its last success, by our clock; None before the first.
        state: `go`, or `think` where its stamp is late or it failed.
        sentence: what it did, in words.
    """

    name: str
    stamped_at: datetime | None
    state: str
    sentence: str


def list_anchor_rows(*, at: datetime) -> list[AnchorRow]:
    """How every service does at `at`, in words.

    Raises:
        Unavailable, IntegrityBreach: as `list_anchor_stands`.
    """
    return [_as_row(stand, at) for stand in list_anchor_stands()]


def _as_row(stand: AnchorStand, at: datetime) -> AnchorRow:
    fault = stand.state.fault if stand.state else ""
    is_well = not fault and not stand.is_late(at)
    return AnchorRow(
        name=stand.options.name,
        stamped_at=stand.state.stamped_at if stand.state else None,
        state="go" if is_well else "think",
        sentence=_sentence(stand, fault, at),
    )


def _sentence(stand: AnchorStand, fault: str, at: datetime) -> str:
    if stand.is_late(at):
        return _("its stamp is more than two hours late ({code})").format(
            code=fault or "late"
        )
    if fault:
        return _("gave no stamp that counts ({code})").format(code=fault)
    if stand.tree_size:
        return _("has stamped the checkpoint over {size} entries").format(
            size=stand.tree_size
        )
    return _("has not stamped yet")


def list_anchor_names(leaf: StoredLeaf) -> list[str]:
    """The files that are published of an anchor receipt; none of another leaf."""
    if leaf.type != LeafType.ANCHOR:
        return []
    row = AnchorToken.objects.filter(commitment=leaf.commitment).first()
    names = [f"{leaf.index}.json", f"{leaf.index}.{row.kind}"] if row else []
    return [name for name in names if public_files().find_anchor(name) is not None]


def _waiting_ms(start: int, stop: int) -> int | None:
    first = ledger.find_first_said(start=start, stop=stop)
    return first.time_ms if first else None


def anchors_line(at: datetime) -> Line:
    """The line on /health: unwell where what was said waits for its stamp too long."""
    stands = list_anchor_stands()
    if not stands:
        return Line(is_well=True, detail="no time stamps")
    return Line(
        is_well=not any(stand.is_late(at) for stand in stands),
        detail="; ".join(stand.words(at) for stand in stands),
    )


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


def verify_token(row: AnchorToken, text: str) -> datetime | None:
    """Check a stored token over the text of its head; the moment it vouches for.

    None where its kind is not known here.

    Raises:
        TraceError: it does not hold.
    """
    judge = find_judge(name=row.name, kind=row.kind)
    return judge.verify(bytes(row.token), text.encode()) if judge else None


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
    receipt = canonical_bytes(
        {
            "format": ANCHOR_FORMAT,
            "index": leaf.index,
            "leaf": leaf.leaf.encode().hex(),
            "name": row.name,
            "kind": row.kind,
            "checkpoint": text,
            "stamped_ms": as_ms(row.stamped_at),
            "token": sha256(token).hexdigest(),
        }
    )
    return {f"{leaf.index}.{row.kind}": token, f"{leaf.index}.json": receipt}


def find_anchor_file(name: str) -> bytes | None:
    """A published file of an anchor receipt; None if there is none."""
    return public_files().find_anchor(name)


def list_anchor_files() -> list[str]:
    """The names of all published files of anchor receipts."""
    return public_files().list_anchors()
