"""The map: its root at the end of every run, its entries at the end of the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from apps.anchoring import queries as anchoring
from apps.core.maproots import MapRoots, leaf_of_tag
from apps.core.merkle import HASH_SIZE
from apps.ledger import queries as ledger
from pharmatrace.fsck.finding import Finding

_LEAST_DEPTH: Final = 8
_MOST_DEPTH: Final = 20  # 190 MB of nodes, where a million tags are


class MapChecker:
    """Fed with the leaves in order, it derives the root over those before a map root.

    Memory is 80 bytes a node and 64 bytes a tag.

    Args:
        tags: how many are expected; another number costs time only.
    """

    def __init__(self, *, tags: int) -> None:
        depth = max(_LEAST_DEPTH, tags.bit_length() + 1)
        self._roots = MapRoots(depth=min(depth, _MOST_DEPTH))
        self._changed: dict[bytes, tuple[int, bytes, int]] = {}

    def take(
        self,
        tags: Sequence[bytes],
        chain_seqs: Sequence[int],
        leaf_hashes: Sequence[bytes],
        indexes: Sequence[int],
    ) -> None:
        """The next leaves, a sequence a field."""
        values = zip(chain_seqs, leaf_hashes, indexes, strict=True)
        self._changed.update(zip(tags, values, strict=True))

    def check(self, index: int, commitment: bytes) -> Iterator[Finding]:
        """Compare what the leaf at `index` says of all that were taken."""
        # What is no tag or no number has been named: `leaves`.
        self._roots.update(
            {
                tag: leaf_of_tag(tag, seq + 1, digest, last)
                for tag, (seq, digest, last) in self._changed.items()
                if len(tag) == HASH_SIZE and seq >= 0
            }
        )
        self._changed.clear()
        root = self._roots.root
        if commitment != root:
            got = commitment.hex()
            yield Finding("map_root_differs", f"leaf {index}", got, root.hex())


def check_chains(size: int) -> Iterator[Finding]:
    """Each leaf against the one before it in its tag, and the stored entries of tags.

    The database brings the leaves in the order of their chains.
    """
    differing: list[bytes] = []
    entries = anchoring.iter_entries()
    entry = next(entries, None)
    for *last, is_last, named, before in ledger.iter_chain_rows(stop=size):
        tag, _, _, index = last
        if named is not None:
            yield Finding("chain_broken", f"leaf {index}", named.hex())
        elif before is not None:
            yield Finding("chain_runs_back", f"leaf {index}", str(before))
        if is_last:
            while entry is not None and entry[0] < tag:
                differing.append(entry[0])
                entry = next(entries, None)
            if entry is None or entry[0] != tag:
                differing.append(tag)
                continue
            if entry != tuple(last):
                differing.append(tag)
            entry = next(entries, None)
    if entry is not None:
        differing += [entry[0], *(each[0] for each in entries)]
    yield from _name_entries(differing)


def _name_entries(tags: Sequence[bytes]) -> Iterator[Finding]:
    if tags:
        yield Finding("map_differs", "map", f"{len(tags)} tags with another end")
    for tag in tags:
        yield Finding("map_entry_differs", f"tag {tag.hex()}")
