"""Chains: each leaf against the one before it in its tag, and the map's stored entries.

Where the tags are few enough to be remembered, the leaves are told to be right as they
pass by. Else, and where one of them is wrong, the database brings them all in the order
of their chains, and each fault is named: slower by half of what a leaf costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from apps.anchoring import queries as anchoring
from apps.anchoring.queries import Entry
from apps.core.leaf import ZEROS
from apps.ledger import queries as ledger
from apps.ledger.queries import LeafColumns
from pharmatrace.fsck.finding import Finding

_MOST_TAGS: Final = 100_000  # 45 MB as Python objects
_BEFORE: Final = (0, ZEROS, -1)  # the first leaf of a tag


class ChainChecker:
    """Fed with the leaves in order."""

    def __init__(self) -> None:
        # By tag: number of leaves, hash and index of the last; while all are right.
        self._heads: dict[bytes, tuple[int, bytes, int]] | None = {}
        self._count = 0

    def take(self, page: LeafColumns) -> None:
        """The next leaves."""
        if self._heads is None:
            return
        self._count += len(page.indexes)
        if not _go_on(self._heads, page) or len(self._heads) > _MOST_TAGS:
            self._heads = None

    def finish(self, size: int) -> Iterator[Finding]:
        """After the last of `size` leaves: what is wrong with any chain or entry."""
        if self._heads is None or self._count != size:
            yield from _check_chains(size)
            return
        entries = _Entries()
        for tag, head in sorted(self._heads.items()):
            entries.compare((tag, *head))
        yield from entries.finish()


def _go_on(heads: dict[bytes, tuple[int, bytes, int]], page: LeafColumns) -> bool:
    """Whether each leaf goes on from its tag's head; `heads` moves with them."""
    find = heads.get
    for tag, seq, named, digest, index in zip(
        page.tags,
        page.chain_seqs,
        page.prev_leaf_hashes,
        page.leaf_hashes,
        page.indexes,
        strict=True,
    ):
        count, last, _ = find(tag, _BEFORE)
        if seq != count or named != last:
            return False
        heads[tag] = (seq + 1, digest, index)
    return True


def _check_chains(size: int) -> Iterator[Finding]:
    """The same by the database, which brings the leaves in the order of their chains."""
    entries = _Entries()
    rows = ledger.iter_chain_rows(stop=size)
    for tag, count, digest, index, is_last, named, before in rows:
        if named is not None:
            yield Finding("chain_broken", f"leaf {index}", named.hex())
        elif before is not None:
            yield Finding("chain_runs_back", f"leaf {index}", str(before))
        if is_last:
            entries.compare((tag, count, digest, index))
    yield from entries.finish()


class _Entries:
    """The map's entries beside the ends of all chains, both ascending by tag."""

    def __init__(self) -> None:
        self._entries = anchoring.iter_entries()
        self._entry = next(self._entries, None)
        self._differing: list[bytes] = []

    def compare(self, wanted: Entry) -> None:
        """What the entry of the next chain's tag should be."""
        tag = wanted[0]
        while self._entry is not None and self._entry[0] < tag:
            self._differ()
        if self._entry == wanted:
            self._entry = next(self._entries, None)
        elif self._entry is not None and self._entry[0] == tag:
            self._differ()
        else:
            self._differing.append(tag)

    def finish(self) -> Iterator[Finding]:
        """After the last chain: every tag whose entry differs."""
        while self._entry is not None:
            self._differ()
        if self._differing:
            got = f"{len(self._differing)} entries that differ"
            yield Finding("map_differs", "map", got)
        for tag in self._differing:
            yield Finding("map_entry_differs", f"tag {tag.hex()}")

    def _differ(self) -> None:
        if self._entry is not None:
            self._differing.append(self._entry[0])
            self._entry = next(self._entries, None)
