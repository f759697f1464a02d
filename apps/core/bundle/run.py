"""One pass over the entries of a bundle: steps 2 to 5, and the judges of 9 to 12."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ..bodies import Genesis, read_body
from ..encoding import format_time_ms
from ..envelope import STATEMENT_TYPE, envelope_digest, statement_id
from ..errors import ProofError
from ..leaf import commitment
from ..places import LATE_AFTER_MS
from ..said import verify_accepted
from ..statement import GOODS_KINDS, Statement, parse_statement
from ..steps import Finding, at_step
from ..verify import leaf_type_of
from .chains import Chains
from .head import FRESH_STEP, HEAD_STEP, Demands, Head, judge_freshness, open_head
from .lines import Closed, Opened
from .manifest import Manifest
from .reading import ENTRY_STEP, Entries
from .replay import Replay
from .report import Link
from .shared import Hashes, SharedMap, root_of_leaves

LEAF_STEP: Final = 5
MAP_STEP: Final = 7
TREE_STEP: Final = 8


@dataclass(slots=True)
class Run:
    """One pass over the entries."""

    manifest: Manifest
    demands: Demands
    note: bytes
    chains: Chains
    replay: Replay
    findings: list[Finding] = field(default_factory=list)
    head: Head | None = None
    links: list[Link] = field(default_factory=list)
    lots: dict[bytes, str] = field(default_factory=dict)  # by tag, if links are wanted
    late: int = 0
    entries: int = 0
    _next_index: int = 0
    _time_ms: int = 0  # of the last entry's run
    _before_ms: int = 0  # of the last run before it that the bundle shows

    @property
    def opened_head(self) -> Head:
        """The checkpoint; there is one once genesis was read."""
        if self.head is None:
            raise ProofError(
                "no_genesis", step=HEAD_STEP, wanted="genesis as the first entry"
            )
        return self.head

    def read(self, entries: Entries) -> None:
        """Steps 2 to 5 and 9 to 12 for every entry."""
        for entry in entries.heads():
            if isinstance(entry, Closed):
                with at_step(LEAF_STEP):
                    self._verify_begun()
                    self.chains.close(entry)
                self._link_closed(entry)
                continue
            statement = self._parse(entry)
            if self.head is None:
                self._begin(entry, statement)
            with at_step(LEAF_STEP):
                self._place(entry, statement)
            self._link_opened(entry, statement)
            self.replay.take(entry, statement, entries)
        self._note_entries()

    def verify_map(self, hashes: Hashes) -> None:
        """Step 7."""
        declared = self.chains.declared
        values = [(tag, declared[tag].value) for tag in declared]
        root, wanted = SharedMap(values, hashes).root(), self.manifest.map_root
        if root != wanted.commitment:
            raise ProofError(
                "root_mismatch",
                field="map",
                got=root.hex(),
                wanted=wanted.commitment.hex(),
            )
        text = f"the map of the last leaf has these {len(values)} chains, so long"
        self.findings.append(Finding(MAP_STEP, text))

    def verify_tree(self, hashes: Hashes) -> None:
        """Step 8."""
        head = self.opened_head.signed.checkpoint
        last = head.tree_size - 1
        leaves = [*self.chains.placed, (last, self.manifest.map_root.leaf_hash)]
        root = root_of_leaves(leaves, tree_size=head.tree_size, hashes=hashes)
        if root != head.root_hash:
            raise ProofError(
                "root_mismatch",
                field="tree",
                got=root.hex(),
                wanted=head.root_hash.hex(),
            )
        text = f"{len(leaves)} leaves are included under the checkpoint"
        self.findings.append(Finding(TREE_STEP, text))

    def _parse(self, opened: Opened) -> Statement:
        """Step 4."""
        with at_step(ENTRY_STEP):
            if opened.envelope.payload_type != STATEMENT_TYPE:
                raise ProofError("wrong_payload_type", got=opened.envelope.payload_type)
            statement = parse_statement(opened.envelope.payload)
            if statement.ledger != self.manifest.ledger:
                raise ProofError(
                    "other_ledger", got=statement.ledger, wanted=self.manifest.ledger
                )
            verify_accepted(statement, opened.accepted_ms)
            if statement.kind != "event":
                read_body(statement)
            self._verify_order(opened, statement)
        self.entries += 1
        return statement

    def _verify_order(self, opened: Opened, statement: Statement) -> None:
        if opened.index < self._next_index:
            raise ProofError(
                "not_sorted",
                field="index",
                got=opened.index,
                wanted=f"{self._next_index} or more",
            )
        self._next_index = opened.index + len(statement.subjects)
        if opened.time_ms < self._time_ms:
            raise ProofError("time_runs_back", field="time_ms", got=opened.time_ms)
        if not opened.accepted_ms <= opened.time_ms <= self.manifest.map_root.time_ms:
            raise ProofError(
                "accepted_after_leaf",
                field="accepted_ms",
                got=format_time_ms(opened.accepted_ms),
                wanted="not after its leaf, nor that after the last",
            )
        if opened.time_ms > self._time_ms:
            self._before_ms, self._time_ms = self._time_ms, opened.time_ms
        if opened.accepted_ms < self._before_ms - LATE_AFTER_MS:
            self.late += 1

    def _begin(self, opened: Opened, statement: Statement) -> None:
        """Steps 2 and 3, at the first entry."""
        with at_step(HEAD_STEP):
            genesis = self._open_genesis(opened, statement)
            self.head, found = open_head(
                self.note,
                genesis=genesis,
                time_ms=self.manifest.map_root.time_ms,
                demands=self.demands,
            )
            self.findings += found
        with at_step(FRESH_STEP):
            self.findings += judge_freshness(
                self.head, genesis=genesis, demands=self.demands
            )

    def _open_genesis(self, opened: Opened, statement: Statement) -> Genesis:
        found, wanted = statement_id(opened.envelope), self.demands.genesis_id
        if (opened.index, statement.kind) != (0, "genesis"):
            raise ProofError("no_genesis", wanted="genesis as the first entry")
        if found != wanted or self.manifest.genesis != wanted:
            raise ProofError("wrong_genesis", got=found, wanted=wanted)
        genesis = self.replay.begin(statement)
        if genesis.origin != self.manifest.ledger:
            raise ProofError(
                "other_ledger", got=genesis.origin, wanted=self.manifest.ledger
            )
        return genesis

    def _place(self, opened: Opened, statement: Statement) -> None:
        """Step 5: the leaves of the statement, as its bytes and salts make them."""
        wanted = {
            position
            for position, subject in enumerate(statement.subjects)
            if subject.tag in self.chains.declared
        }
        if opened.salts.keys() != wanted or not wanted:
            raise ProofError(
                "foreign_leaf",
                field=f"entry at index {opened.index}",
                got=sorted(opened.salts),
                wanted=f"the leaves of its chains, {sorted(wanted)}",
            )
        self._verify_goods_of_lot(opened, statement)
        digest = envelope_digest(opened.envelope)
        leaves = {}
        for position, salt in opened.salts.items():
            committed = commitment(
                salt=salt, accepted_ms=opened.accepted_ms, envelope_digest=digest
            )
            leaves[position] = (statement.subjects[position].tag, committed)
        self.chains.open(opened, leaf_type_of(statement.kind), leaves)

    def _verify_goods_of_lot(self, opened: Opened, statement: Statement) -> None:
        """Events are opened for the lots they touch, and for no others."""
        if statement.kind not in GOODS_KINDS:
            return
        lots = self.replay.goods.tags
        if not any(subject.tag in lots for subject in statement.subjects):
            raise ProofError("foreign_leaf", field=f"entry at index {opened.index}")

    def _link_closed(self, closed: Closed) -> None:
        lot = self.lots.get(closed.tag)
        for leaf in closed.leaves if lot else ():
            role, country = leaf.by or ("", "")
            what = leaf.kind.name.lower()
            self.links.append(
                Link(lot or "", leaf.time_ms, what, role=role, country=country)
            )

    def _link_opened(self, opened: Opened, statement: Statement) -> None:
        for subject in statement.subjects if self.lots else ():
            lot = self.lots.get(subject.tag)
            if lot:
                what, by = statement.kind, statement.by
                self.links.append(Link(lot, opened.time_ms, what, gln=by))

    def _verify_begun(self) -> None:
        if self.head is None:
            raise ProofError("no_genesis", wanted="genesis as the first entry")

    def _note_entries(self) -> None:
        head = self.opened_head  # there was a genesis
        if self._next_index >= head.signed.checkpoint.tree_size:
            raise ProofError(
                "index_outside_tree", step=ENTRY_STEP, got=self._next_index
            )
        text = f"{self.entries} statements are well formed, in the order of the log"
        self.findings.append(Finding(ENTRY_STEP, text))
        if self.late:
            text = (
                f"{self.late} statement(s) were taken in late: accepted more than a "
                "minute before a run that is shown here"
            )
            self.findings.append(Finding(ENTRY_STEP, text, is_doubtful=True))
        placed = len(self.chains.placed)
        text = f"{placed} leaves recompute and go on from their chains"
        self.findings.append(Finding(LEAF_STEP, text))
