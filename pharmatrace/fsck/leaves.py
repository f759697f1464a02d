"""Each leaf for itself: its form, its hash, its place, its time.

A page of leaves is first told to be right as a whole; only where it is not, leaf after
leaf is looked at and named.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import sha256
from itertools import repeat
from typing import Final

from apps.core.errors import TraceError
from apps.core.leaf import (
    ANCHOR_TAG,
    CONFIG_TAG,
    MAP_ROOT_TAG,
    VERSION,
    ZEROS,
    LeafType,
)
from apps.core.merkle import leaf_hash
from apps.ledger.queries import LeafColumns, StoredLeaf
from pharmatrace.fsck.finding import Finding, finding_of

# Byte 0, under which RFC 6962 hashes a leaf, and the 114 bytes of DESIGN section 3.
_pack: Final = struct.Struct(">xBBQ32sQ32s32s").pack
_OWN_TAGS: Final = {
    (MAP_ROOT_TAG, int(LeafType.MAP_ROOT)),
    (ANCHOR_TAG, int(LeafType.ANCHOR)),
    (CONFIG_TAG, int(LeafType.CONFIG)),
}
_FIXED: Final = frozenset(tag for tag, _ in _OWN_TAGS)
_HAVE_FIXED: Final = frozenset(kind for _, kind in _OWN_TAGS)
# The log itself makes them.
_OF_NO_STATEMENT: Final = frozenset(map(int, (LeafType.MAP_ROOT, LeafType.ANCHOR)))
_MAY_BE: Final = frozenset(
    (is_said, int(kind))
    for kind in LeafType
    for is_said in (False, True)
    if is_said or kind in _OF_NO_STATEMENT
)


class LeafChecker:
    """Fed with the leaves in order, page by page.

    Attributes:
        size: the index that should come next.
        count: how many there were.
        time_ms: the latest time so far.
        entries: of the last page, 114 bytes each; b"" for a row that holds no leaf.
    """

    def __init__(self) -> None:
        self.size = 0
        self.count = 0
        self.time_ms = 0
        self.entries: list[bytes] = []

    def check(self, page: LeafColumns) -> Iterator[Finding]:
        """What is wrong with the leaves of the next page."""
        self.entries = self._entries_if_right(page)
        if not self.entries:
            yield from self._name_faults(page)
        self.size = page.indexes[-1] + 1
        self.count += len(page.indexes)
        self.time_ms = max(self.time_ms, *page.times_ms)

    def _entries_if_right(self, page: LeafColumns) -> list[bytes]:
        """The entries of a page with nothing to find; else none."""
        if not (self._is_in_order(page) and _are_leaves(page)):
            return []
        _, _, *fields, digests = page
        try:
            records = list(map(_pack, repeat(VERSION), *fields))
        except struct.error:  # a negative number
            return []
        if tuple([sha256(record).digest() for record in records]) != digests:
            return []
        return [record[1:] for record in records]

    def _is_in_order(self, page: LeafColumns) -> bool:
        times = list(page.times_ms)
        return (
            page.indexes == tuple(range(self.size, self.size + len(page.indexes)))
            and times[0] >= self.time_ms
            and times == sorted(times)
        )

    def _name_faults(self, page: LeafColumns) -> Iterator[Finding]:
        size, time_ms = self.size, self.time_ms
        for index, is_said, *fields in zip(*page, strict=True):
            row = StoredLeaf(index, "said" if is_said else None, 0, *fields)
            where = f"leaf {index}"
            if index != size:
                yield Finding("leaves_not_dense", where, wanted=str(size))
            if row.time_ms < time_ms:
                yield Finding("time_runs_back", where, str(row.time_ms), str(time_ms))
            size, time_ms = index + 1, max(time_ms, row.time_ms)
            yield from self._name_fault(row, where)

    def _name_fault(self, row: StoredLeaf, where: str) -> Iterator[Finding]:
        entry = b""
        try:
            entry = row.leaf.encode()
        except TraceError as error:
            yield finding_of(error, where)
        self.entries.append(entry)
        digest = leaf_hash(entry)
        if digest != row.leaf_hash:
            yield Finding("leaf_hash_differs", where, digest.hex(), row.leaf_hash.hex())
        if row.statement_id is None and row.type not in _OF_NO_STATEMENT:
            yield Finding("leaf_without_statement", where)


def _are_leaves(page: LeafColumns) -> bool:
    """Whether each has the form of a leaf (`core.leaf`), hash and place apart."""
    tags, previous = page.tags, page.prev_leaf_hashes
    sizes = {*map(len, tags), *map(len, previous), *map(len, page.commitments)}
    of_own_tag = {
        (tag, kind)
        for kind, tag in zip(page.types, tags, strict=True)
        if kind in _HAVE_FIXED or tag in _FIXED
    }
    # The first leaf of a tag, and only it, names zeros.
    begins = [not seq for seq in page.chain_seqs]
    return (
        sizes == {len(ZEROS)}
        and {*zip(map(bool, page.are_said), page.types, strict=True)} <= _MAY_BE
        and of_own_tag <= _OWN_TAGS
        and begins == [digest == ZEROS for digest in previous]
    )
