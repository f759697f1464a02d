"""Anchors: tokens against heads, leaves and published files."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from apps.anchoring import queries as anchoring
from apps.anchoring.models import AnchorPromise, AnchorToken
from apps.core.errors import TraceError
from apps.core.leaf import anchor_commitment
from apps.ledger import queries as ledger
from apps.ledger.queries import StoredLeaf
from pharmatrace.fsck.finding import Finding, finding_of


@dataclass(slots=True)
class _Walk:
    """The anchor receipts of the log and the queue, by what they commit to."""

    published: int
    leaves: dict[bytes, StoredLeaf]
    pending: set[bytes]
    files: set[str] = field(default_factory=set)


def check_anchors(published: int, *, files: Set[str]) -> Iterator[Finding]:
    """Every difference between tokens, heads, leaves of type 4 and published files.

    Args:
        published: the size up to which files must be there.
        files: names of those that were there before the tokens were read.
    """
    leaves = ledger.list_anchor_leaves(start=0, stop=ledger.count_leaves())
    walk = _Walk(
        published=published,
        leaves={leaf.commitment: leaf for leaf in leaves},
        pending=anchoring.list_pending_anchors(),
    )
    for row in anchoring.list_tokens():
        yield from _check_token(row)
        yield from _check_leaf(walk, row)
    for promise in anchoring.list_promises():
        yield from _check_head(promise, f"promise of {promise.name}")
    for leaf in walk.leaves.values():
        yield Finding("anchor_unknown", f"leaf {leaf.index}", wanted="its token")
    for stray in sorted(files - walk.files):
        yield Finding("anchor_file_unknown", f"anchors/{stray}")


def _name(row: AnchorToken) -> str:
    return f"anchor of {row.tree_size} by {row.name}"


def _check_token(row: AnchorToken) -> Iterator[Finding]:
    """The token over the text of its head, and what the row says of both."""
    where, token, root = _name(row), bytes(row.token), bytes(row.root_hash)
    wanted = anchor_commitment(tree_size=row.tree_size, root=root, token=token)
    if bytes(row.commitment) != wanted:
        got = bytes(row.commitment).hex()
        yield Finding("anchor_commitment_differs", where, got, wanted.hex())
    yield from _check_head(row, where)
    text = anchoring.find_head_text(row.tree_size)
    if text is not None:
        yield from _check_stamp(row, text, where)


def _check_head(row: AnchorToken | AnchorPromise, where: str) -> Iterator[Finding]:
    """What is stamped, or will be, is a head that was signed."""
    text = anchoring.find_head_text(row.tree_size)
    head = anchoring.find_checkpoint(row.tree_size)
    if text is None or head is None:
        yield Finding("unknown_head", where, str(row.tree_size))
        return
    root, wanted = bytes(row.root_hash), bytes(head.root_hash)
    if root != wanted:
        yield Finding("root_differs", where, root.hex(), wanted.hex())


def _check_stamp(row: AnchorToken, text: str, where: str) -> Iterator[Finding]:
    try:
        stamp = anchoring.verify_token(row, text)
    except TraceError as error:
        yield finding_of(error, where)
        return
    if stamp is None:
        return
    if stamp.stamped_at != row.stamped_at:
        got, wanted = str(row.stamped_at), str(stamp.stamped_at)
        yield Finding("time_differs", where, got, wanted)
    if stamp.facts != row.facts:
        yield Finding("facts_differ", where, str(row.facts), str(stamp.facts))


def _check_leaf(walk: _Walk, row: AnchorToken) -> Iterator[Finding]:
    """Each token waits for its leaf or has it, and then its files."""
    where, commitment = _name(row), bytes(row.commitment)
    leaf = walk.leaves.pop(commitment, None)
    if leaf is None:
        if commitment not in walk.pending:
            yield Finding("leaves_missing", where, wanted="a leaf of type 4")
        return
    if commitment in walk.pending:
        yield Finding("pending_and_logged", where)
    if leaf.statement_id is not None:
        yield Finding("anchor_of_statement", f"leaf {leaf.index}", leaf.statement_id)
    try:
        files = anchoring.build_anchor_files(leaf) or {}
    except TraceError as error:
        yield finding_of(error, where)
        return
    walk.files.update(files)
    # Files are written before their head is signed, so some may be ahead of it.
    if leaf.index < walk.published:
        yield from _check_files(files)


def _check_files(wanted: dict[str, bytes]) -> Iterator[Finding]:
    for name, data in wanted.items():
        found = anchoring.find_anchor_file(name)
        if found is None:
            yield Finding("anchor_missing", f"anchors/{name}")
        elif found != data:
            yield Finding("anchor_differs", f"anchors/{name}")
