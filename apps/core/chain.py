"""The chain of one tag: every leaf names the one before it."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import ProofError
from .leaf import ERASABLE, ZEROS, Leaf, LeafType
from .map import MapValue


def verify_link(leaf: Leaf, *, count: int, head: bytes) -> None:
    """Check that `leaf` goes on from a chain of `count` leaves that ends in `head`.

    Raises:
        ProofError: its number or its predecessor is another.
    Source: DESIGN section 3, "Leaf v1"; the head of an empty chain is zeros.
    """
    if leaf.chain_seq != count:
        raise ProofError(
            "chain_gap", field="leaf.chain_seq", got=leaf.chain_seq, wanted=str(count)
        )
    if leaf.prev_leaf_hash != head:
        raise ProofError(
            "chain_broken",
            field=f"leaf[{count}].prev_leaf_hash",
            got=leaf.prev_leaf_hash.hex(),
            wanted=head.hex(),
        )


def verify_chain(*, links: Sequence[Leaf], tag: bytes, head: bytes, count: int) -> None:
    """Check that `links` are, oldest first, the whole chain of `tag`.

    1. There are `count` of them, and at least one.
    2. All bear the tag; each goes on from the one before; times do not run back; an
       erasure comes after something that can be erased.
    3. The last one hashes to `head`.

    Raises:
        ProofError: `step` names the failed one.
    """
    # 1
    if not links or len(links) != count:
        raise ProofError(
            "chain_incomplete", step=1, got=len(links), wanted=f"{count} leaves"
        )
    # 2
    _verify_erasures(links)
    previous, time_ms = ZEROS, 0
    for number, leaf in enumerate(links):
        if leaf.subject_tag != tag:
            raise ProofError(
                "foreign_leaf", step=2, field=f"leaf[{number}]", wanted=tag.hex()
            )
        verify_link(leaf, count=number, head=previous)
        if leaf.time_ms < time_ms:
            raise ProofError(
                "time_runs_back", step=2, field=f"leaf[{number}]", got=leaf.time_ms
            )
        previous, time_ms = leaf.leaf_hash, leaf.time_ms
    # 3
    if previous != head:
        raise ProofError(
            "chain_head_mismatch", step=3, got=previous.hex(), wanted=head.hex()
        )


def _verify_erasures(links: Sequence[Leaf]) -> None:
    """Only goods and recalls are erased: a key's second leaf is its revocation."""
    has_erasable = False
    for number, leaf in enumerate(links):
        if leaf.kind is LeafType.ERASURE and not has_erasable:
            raise ProofError(
                "nothing_to_erase",
                step=2,
                field=f"leaf[{number}]",
                wanted="a leaf of type 1 or 6 before it",
            )
        has_erasable = has_erasable or leaf.kind in ERASABLE


def advance(value: MapValue | None, *, leaf: Leaf, index: int) -> MapValue:
    """What the map says about a tag after `leaf` at `index`; None before the first.

    Folding all leaves of the log with it, tag by tag, gives the entries of the map.

    Raises:
        ProofError: the leaf does not go on from there, or stands at a lower index.
    """
    count = value.count if value else 0
    head = value.head_leaf_hash if value else ZEROS
    verify_link(leaf, count=count, head=head)
    if index < 0 or (value and index <= value.last_index):
        raise ProofError("index_runs_back", field="index", got=index)
    return MapValue(count + 1, leaf.leaf_hash, index)
