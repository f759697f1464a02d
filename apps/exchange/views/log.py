"""The explorer of the public log: anybody may look, names are not in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.anchoring import queries as anchoring
from apps.anchoring.queries import (
    AnchorRow,
    CheckpointRow,
    PublishedHead,
    Status,
    WitnessRow,
)
from apps.core.errors import IntegrityBreach, Unavailable
from apps.core.proof import TlogProof
from apps.edge.lagging import may_lag
from apps.exchange import queries
from apps.exchange.views.tree import Tree, draw_tree
from apps.exchange.views.words import LEAF_TYPES
from apps.ledger import queries as ledger
from apps.ledger.queries import StoredLeaf
from apps.partners.authentication import actor_of
from apps.partners.queries import Mark, marks_of

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
_CHECKPOINTS = 25
_CHAIN = 100


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in a list."""

    index: int
    type: str | Promise
    time_ms: int
    chain_seq: int
    leaf_hash: str


@dataclass(frozen=True, slots=True)
class ExplorerPage:
    """Newest heads, or what a search found."""

    status: Status
    checkpoints: list[CheckpointRow]
    witnesses: list[WitnessRow]
    anchors: list[AnchorRow]
    published_size: int
    text: str
    tag: str
    chain: list[EntryRow]
    is_unknown: bool


@dataclass(frozen=True, slots=True)
class Sibling:
    """One hash on the way from an entry to the root."""

    level: int
    hash: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One public entry, its chain and its proof."""

    row: EntryRow
    tag: str
    commitment: str
    previous: StoredLeaf | None
    entry_hex: str
    checkpoint_size: int | None
    signed_at: datetime | None
    proof: str
    tree: Tree | None
    siblings: list[Sibling]
    root: str
    statement_id: str
    mark: Mark | None
    anchor_files: list[str]


@require_safe
@may_lag
def explorer(request: HttpRequest) -> HttpResponse:
    """The newest checkpoints; with `q`, whatever has that number, hash or tag."""
    text = request.GET.get("q", "").strip()
    found = _find(request, text) if text else None
    if found is not None:
        return redirect(found)
    tag = text.lower() if _HASH.fullmatch(text) else ""
    chain = ledger.chain_of(bytes.fromhex(tag), limit=_CHAIN) if tag else []
    now = timezone.now()
    status = anchoring.status(at=now)
    page = ExplorerPage(
        status=status,
        checkpoints=anchoring.list_rows(limit=_CHECKPOINTS),
        witnesses=_witnesses(),
        anchors=_anchors(now),
        published_size=status.log_size,
        text=text,
        tag=tag,
        chain=[_row(leaf) for leaf in chain],
        is_unknown=bool(text) and not chain,
    )
    return render(request, "exchange/ledger_explore.html", {"page": page})


def _witnesses() -> list[WitnessRow]:
    try:
        return anchoring.list_witnesses()
    except Unavailable:
        return []  # the status says so


def _anchors(at: datetime) -> list[AnchorRow]:
    try:
        return anchoring.list_anchor_rows(at=at)
    except (IntegrityBreach, Unavailable):
        return []  # /health says so


def _find(request: HttpRequest, text: str) -> str | None:
    """The address of the one thing that `text` names exactly, or None."""
    if _NUMBER.fullmatch(text):
        is_there = int(text) < _size()
        return f"/ledger/entries/{int(text)}" if is_there else None
    if not _HASH.fullmatch(text):
        return None
    name = text.lower()
    leaf = ledger.leaves_by_hash({bytes.fromhex(name)}).get(bytes.fromhex(name))
    if leaf is not None:
        return f"/ledger/entries/{leaf.index}"
    head = anchoring.find_checkpoint_by_root(bytes.fromhex(name))
    if head is not None:
        return f"/ledger/entries/{head.size - 1}"
    record = queries.find_record(statement_id=name, actor=actor_of(request))
    return f"/ledger/statements/{name}" if record is not None else None


def _size() -> int:
    tree = anchoring.find_tree()
    return tree.size if tree else 0


def _row(leaf: StoredLeaf) -> EntryRow:
    return EntryRow(
        index=leaf.index,
        type=LEAF_TYPES.get(leaf.type, str(leaf.type)),
        time_ms=leaf.time_ms,
        chain_seq=leaf.chain_seq,
        leaf_hash=leaf.leaf_hash.hex(),
    )


@require_safe
@may_lag
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """One entry of the log: what everybody may know of it."""
    leaf = _get_leaf(index)
    head = anchoring.newest_checkpoint()
    proof = _proof_of(index, head)
    parsed = TlogProof.parse(proof.encode()) if proof else None
    covering = anchoring.find_checkpoint_over(index)
    signed = getattr(covering, "signed", None)
    readable = _statement_of(request, leaf)
    earlier = ledger.leaves_by_hash({leaf.prev_leaf_hash}) if leaf.chain_seq else {}
    page = EntryPage(
        row=_row(leaf),
        tag=leaf.tag.hex(),
        commitment=leaf.commitment.hex(),
        previous=earlier.get(leaf.prev_leaf_hash),
        entry_hex=leaf.leaf.encode().hex(),
        checkpoint_size=covering.size if covering else None,
        signed_at=signed.signed_at if signed else None,
        proof=proof,
        tree=_draw(leaf, parsed, head),
        siblings=[
            Sibling(level, part.hex())
            for level, part in enumerate(parsed.path if parsed else ())
        ],
        root=head.root_hash.hex() if head and proof else "",
        statement_id=readable,
        mark=marks_of([readable]).get(readable) if readable else None,
        anchor_files=anchoring.list_anchor_names(leaf),
    )
    return render(request, "exchange/entry_detail.html", {"page": page})


def _draw(
    leaf: StoredLeaf, proof: TlogProof | None, head: PublishedHead | None
) -> Tree | None:
    if proof is None or head is None:
        return None
    return draw_tree(
        leaf_hash=leaf.leaf_hash,
        index=leaf.index,
        tree_size=head.size,
        path=proof.path,
    )


@require_safe
@may_lag
def entry_proof(request: HttpRequest, index: int) -> HttpResponse:
    """The C2SP tlog-proof of an entry, as a file."""
    _get_leaf(index)
    proof = _proof_of(index, anchoring.newest_checkpoint())
    if not proof:
        raise Http404
    response = HttpResponse(proof, content_type="text/plain; charset=utf-8")
    name = f"entry-{index}.tlog-proof"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _get_leaf(index: int) -> StoredLeaf:
    if index >= _size():
        raise Http404(_("The log has no such entry."))
    return ledger.get_leaf(index)


def _proof_of(index: int, head: PublishedHead | None) -> str:
    if head is None or index >= head.size:
        return ""
    return anchoring.prove_leaf(index, head)


def _statement_of(request: HttpRequest, leaf: StoredLeaf) -> str:
    """The statement behind an entry, for those who may read it; "" for others."""
    if leaf.statement_id is None:
        return ""
    actor = actor_of(request)
    record = queries.find_record(statement_id=leaf.statement_id, actor=actor)
    return leaf.statement_id if record is not None else ""
