"""Signed heads in database, lock store and published file; the policy beside it."""

from __future__ import annotations

from collections.abc import Iterator

from apps.anchoring import queries as anchoring
from apps.core.checkpoint import Checkpoint as Head
from apps.core.checkpoint import open_checkpoint
from apps.core.errors import TraceError
from apps.core.notekey import VerifierKey
from apps.partners import queries as partners
from pharmatrace.fsck.finding import Finding, finding_of
from pharmatrace.fsck.outside import Outside


def check_heads(outside: Outside) -> Iterator[Finding]:
    """Every note that does not verify under genesis' log keys, or names another head."""
    genesis = partners.find_genesis()
    if genesis is None:
        if anchoring.find_tree() is not None:
            yield Finding("no_genesis", "leaf 0")
        return
    keys = [VerifierKey.parse(vkey) for vkey in genesis.log_vkeys]
    for row in anchoring.iter_checkpoints():
        signed = getattr(row, "signed", None)
        if signed is not None:
            yield from _check_note(
                signed.note.encode(), keys, where=f"note {row.size}", size=row.size
            )
    for size in anchoring.list_notes_without_head():
        yield Finding("unknown_head", f"note {size}", str(size))
    yield from _check_stores(outside, keys)


def _check_stores(outside: Outside, keys: list[VerifierKey]) -> Iterator[Finding]:
    locked, published = outside.locked, outside.published
    if outside.fault is not None:
        yield finding_of(outside.fault, "published checkpoint")
    if locked is None:
        if published is not None:
            yield Finding("lock_store_lost", "lock store")
        return
    yield from _check_note(locked, keys, where="lock store")
    if published is not None:
        yield from _check_note(published.note, keys, where="published checkpoint")
        yield from _check_policy(keys)


def _check_policy(keys: list[VerifierKey]) -> Iterator[Finding]:
    """By the policy strangers know the log: it must name the keys of genesis, exactly."""
    found = anchoring.read_policy()
    if found is None:
        yield Finding("policy_missing", "policy")
    elif found != anchoring.policy_of(keys):
        yield Finding("policy_differs", "policy")


def _check_note(
    note: bytes, keys: list[VerifierKey], *, where: str, size: int | None = None
) -> Iterator[Finding]:
    try:
        head: Head = open_checkpoint(note, log_keys=keys).checkpoint
    except TraceError as error:
        yield finding_of(error, where)
        return
    row = anchoring.find_checkpoint(head.tree_size)
    if row is None or size not in (None, head.tree_size):
        yield Finding("unknown_head", where, str(head.tree_size))
    elif bytes(row.root_hash) != head.root_hash:
        yield Finding(
            "root_differs", where, head.root_hash.hex(), bytes(row.root_hash).hex()
        )
