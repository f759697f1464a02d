"""Whole chains: every leaf goes on from the one before, and the last is the map's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..chain import verify_link
from ..errors import MalformedInput, ProofError
from ..leaf import ERASABLE, ZEROS, Leaf, LeafType
from .lines import CLOSED_A_LINE, Chain, Closed, ClosedLeaf, Opened
from .manifest import REDACTED

# What a chain may keep closed in a whole bundle: events on empty containers say
# nothing of a lot, and a licence is of another type.
_CLOSED_OF_PARTY = frozenset({LeafType.GOODS, LeafType.ERASURE})
_CLOSED_OF_LOT = frozenset({LeafType.GOODS, LeafType.RECALL, LeafType.ERASURE})


@dataclass(slots=True)
class _Growing:
    """A chain so far."""

    count: int = 0
    head: bytes = ZEROS
    time_ms: int = 0
    last_index: int = -1  # of the last leaf that was opened
    is_last_open: bool = False
    has_erasable: bool = False


class Chains:
    """The chains of a bundle while its entries are read."""

    def __init__(self, chains: Iterable[Chain], form: str) -> None:
        self.declared = {chain.tag: chain for chain in chains}
        self.names = {chain.of: chain.tag for chain in self.declared.values()}
        self.placed: list[tuple[int, bytes]] = []  # (index, leaf hash), ascending
        self._form = form
        self._growing = {tag: _Growing() for tag in self.declared}
        # Closed leaves since the last opened one: tag and number of each line.
        self._closed: list[tuple[bytes, int]] = []

    def open(
        self, opened: Opened, kind: LeafType, leaves: Mapping[int, tuple[bytes, bytes]]
    ) -> None:
        """Take the leaves of a statement.

        Args:
            leaves: tag and commitment by position among the statement's subjects.

        Raises:
            ProofError: `chain_gap` and `chain_broken` cannot be met here, since number
                and predecessor are made; `foreign_leaf`, `time_runs_back`,
                `nothing_to_erase`, `closed_out_of_place`.
        """
        for position, (tag, committed) in leaves.items():
            index = opened.index + position
            growing = self._of(tag)
            leaf = self._extend(tag, kind, opened.time_ms, committed)
            growing.last_index, growing.is_last_open = index, True
            self.placed.append((index, leaf.leaf_hash))
        mine = {tag for tag, _ in leaves.values()}
        if not {tag for tag, _ in self._closed} <= mine:
            raise ProofError(
                "closed_out_of_place",
                field=self._closed[0][0].hex(),
                wanted="closed leaves ahead of the next one of their chain",
            )
        self._closed.clear()

    def close(self, closed: Closed) -> None:
        """Take leaves whose statements are not shown.

        Raises:
            ProofError: as `open`; `entry_withheld`: such a leaf must be shown.
        """
        chain = self.declared.get(closed.tag)
        # One line a chain, and another only where that one is full.
        last = self._closed[-1] if self._closed else (b"", 0)
        is_next = last[0] < closed.tag or last == (closed.tag, CLOSED_A_LINE)
        if chain is None or not is_next:
            raise ProofError(
                "closed_out_of_place", field=closed.tag.hex(), wanted="ascending tags"
            )
        for leaf in closed.leaves:
            self._verify_closed(chain, leaf)
            self._extend(closed.tag, leaf.kind, leaf.time_ms, leaf.commitment)
            self._of(closed.tag).is_last_open = False
        self._closed.append((closed.tag, len(closed.leaves)))

    def verify_ends(self) -> None:
        """Check that each chain has as many leaves as the map says, up to the last.

        Raises:
            ProofError: `chain_incomplete`, `chain_head_mismatch`, `last_index_differs`.
        """
        for tag, chain in self.declared.items():
            growing, value = self._growing[tag], chain.value
            where = " ".join(chain.of)
            wanted = 0 if value is None else value.count
            if growing.count != wanted:
                raise ProofError(
                    "chain_incomplete",
                    field=where,
                    got=growing.count,
                    wanted=f"{wanted} leaves",
                )
            if value is None:
                continue
            if growing.head != value.head_leaf_hash:
                raise ProofError(
                    "chain_head_mismatch",
                    field=where,
                    got=growing.head.hex(),
                    wanted=value.head_leaf_hash.hex(),
                )
            low = growing.last_index + (not growing.is_last_open)
            is_it = value.last_index == low if growing.is_last_open else True
            if value.last_index < low or not is_it:
                raise ProofError(
                    "last_index_differs",
                    field=where,
                    got=growing.last_index,
                    wanted=str(value.last_index),
                )

    def _of(self, tag: bytes) -> _Growing:
        growing = self._growing.get(tag)
        if growing is None:
            raise ProofError("foreign_leaf", field=tag.hex(), wanted="a chain named")
        return growing

    def _extend(
        self, tag: bytes, kind: LeafType, time_ms: int, committed: bytes
    ) -> Leaf:
        growing = self._of(tag)
        leaf = Leaf(kind, time_ms, tag, growing.count, growing.head, committed)
        verify_link(leaf, count=growing.count, head=growing.head)
        where = f"leaf {growing.count} of {' '.join(self.declared[tag].of)}"
        if time_ms < growing.time_ms:
            raise ProofError("time_runs_back", field=where, got=time_ms)
        if kind is LeafType.ERASURE and not growing.has_erasable:
            raise ProofError(
                "nothing_to_erase",
                field=where,
                wanted="a leaf of type 1 or 6 before it",
            )
        growing.has_erasable = growing.has_erasable or kind in ERASABLE
        growing.count, growing.head = growing.count + 1, leaf.leaf_hash
        growing.time_ms = time_ms
        return leaf

    def _verify_closed(self, chain: Chain, leaf: ClosedLeaf) -> None:
        may = frozenset[LeafType]()
        if chain.of[0] == "party":
            may = _CLOSED_OF_PARTY
        elif chain.of[0] == "batch" and self._form == REDACTED:
            may = _CLOSED_OF_LOT
        if leaf.kind not in may:
            raise ProofError(
                "entry_withheld",
                field=" ".join(chain.of),
                got=f"a closed leaf of type {leaf.kind}",
                wanted="its statement",
            )
        if (leaf.by is not None) != (chain.of[0] == "batch"):
            raise MalformedInput(
                "missing_field", field="closed.by", wanted="role and country of a link"
            )
