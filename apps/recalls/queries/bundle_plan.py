"""What a bundle shows: whole chains of lots, products, parties and keys, by closure.

It begins with the chains of the lots and their products. Whoever spoke in a statement
that is opened, or got goods by it, is shown with its chain, and so is every key that
signed; their chains open further statements, until nothing new is named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from apps.anchoring.queries import PublishedHead
from apps.catalog.models import Batch
from apps.core.bundle.build import LeafRow, Plan, PlannedChain
from apps.core.bundle.manifest import REDACTED, WHOLE, Lot
from apps.core.errors import Unavailable
from apps.core.leaf import CONFIG_TAG, LeafType
from apps.core.map import MapValue
from apps.core.statement import GOODS_KINDS, PUBLISHED_KINDS
from apps.custody.queries.parties import addressed_to, parties_of
from apps.ledger import queries as ledger
from apps.ledger.queries import StoredLeaf
from apps.ledger.queries.sealed import (
    Speakers,
    chains_of,
    delegators_among,
    speakers_of,
)
from apps.partners import queries as partners
from apps.partners.queries.names import partners_by_gln

Of = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bundle that somebody wants.

    Args:
        batches: the lots, at least one.
        recall_id: of the recall whose lots these are, "" for a lot by itself.
        reader: GLN of who may see its own links only; "" for the whole.
    """

    batches: Sequence[Batch]
    recall_id: str
    reader: str

    @property
    def form(self) -> str:
        """The form of the bundle."""
        return REDACTED if self.reader else WHOLE


def plan_bundle(wanted: Wanted, head: PublishedHead) -> Plan:
    """The plan of a bundle under a published head.

    Raises:
        Unavailable: `not_anchored`: the head does not hold the recall or a lot yet.
    """
    planner = _Planner(wanted, head)
    planner.run()
    return planner.plan()


@dataclass(slots=True)
class _Planner:
    wanted: Wanted
    head: PublishedHead
    tags: dict[Of, bytes] = field(default_factory=dict)
    leaves: dict[bytes, list[StoredLeaf]] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    speakers: dict[str, Speakers] = field(default_factory=dict)

    def run(self) -> None:
        """Name chains and open statements until nothing new is named."""
        new: dict[Of, bytes] = {("config",): CONFIG_TAG}
        for batch in self.wanted.batches:
            gtin = batch.product.gtin
            new["batch", gtin, batch.lot] = bytes(batch.tag)
            new["product", gtin] = bytes(batch.product.tag)
        if self.wanted.form == WHOLE:
            keys = [batch.pk for batch in self.wanted.batches]
            new |= self._parties(parties_of(batch_ids=keys))
        while new:
            new = self._named(self._show(new))

    def plan(self) -> Plan:
        """The plan, once all is named."""
        lots = [
            Lot(bytes(batch.tag), batch.product.gtin, batch.lot)
            for batch in self.wanted.batches
        ]
        self._check_anchored(lots)
        roles = self._roles() if self.wanted.form == REDACTED else {}
        chains = (self._chain(of, tag, roles) for of, tag in self.tags.items())
        return Plan(
            form=self.wanted.form,
            ledger=partners.get_genesis().origin,
            genesis=self.leaves[CONFIG_TAG][0].statement_id or "",
            lots=tuple(sorted(lots)),
            recall=self.wanted.recall_id,
            note=self.head.note,
            tree_size=self.head.size,
            map_root=ledger.get_leaf(self.head.size - 1).leaf,
            chains=tuple(chains),
            opened=frozenset(self.opened),
        )

    def _check_anchored(self, lots: Iterable[Lot]) -> None:
        missing = [("lot", lot.lot) for lot in lots if not self.leaves[lot.tag]]
        if self.wanted.recall_id not in {"", *self.opened}:
            missing.append(("recall", self.wanted.recall_id))
        for what, name in missing:
            raise Unavailable(
                "not_anchored",
                retry_after_seconds=5,
                field=what,
                got=name,
                wanted="what the published checkpoint holds",
            )

    def _show(self, new: dict[Of, bytes]) -> set[str]:
        """Take these chains; the statements that they open."""
        self.tags |= new
        # The last leaf is the map root itself, over those before it.
        found = chains_of(new.values(), below=self.head.size - 1)
        self.leaves |= found
        of_tag = {tag: of for of, tag in new.items()}
        rows = [row for leaves in found.values() for row in leaves]
        unknown = {row.statement_id for row in rows if row.statement_id}
        self.speakers |= speakers_of(unknown - self.speakers.keys())
        theirs = self._addressed()
        opened = {
            row.statement_id
            for row in rows
            if row.statement_id and self._is_open(of_tag[row.tag], row, theirs)
        }
        opened -= self.opened
        self.opened |= opened
        return opened

    def _addressed(self) -> set[str]:
        """The statements by which goods were sent to the reader."""
        if self.wanted.form == WHOLE:
            return set()
        keys = [batch.pk for batch in self.wanted.batches]
        return addressed_to(batch_ids=keys, gln=self.wanted.reader)

    def _is_open(self, of: Of, row: StoredLeaf, theirs: Collection[str]) -> bool:
        if of[0] == "party":
            return row.type == LeafType.PARTY
        if of[0] != "batch" or self.wanted.form == WHOLE:
            return True
        said = self.speakers[str(row.statement_id)]
        is_own = said.by == self.wanted.reader
        return is_own or said.kind in PUBLISHED_KINDS or row.statement_id in theirs

    def _named(self, opened: set[str]) -> dict[Of, bytes]:
        """The chains that judging these statements takes, and are not shown yet."""
        glns = {
            said.by
            for said in map(self.speakers.__getitem__, opened)
            if said.kind in GOODS_KINDS or said.kind == "product.register"
        }
        new = self._parties(glns) if self.wanted.form == WHOLE else {}
        new |= self._keys(opened)
        return {of: tag for of, tag in new.items() if of not in self.tags}

    def _parties(self, glns: Iterable[str]) -> dict[Of, bytes]:
        found = partners_by_gln(set(glns))
        return {("party", gln): bytes(row.tag) for gln, row in found.items()}

    def _keys(self, opened: set[str]) -> dict[Of, bytes]:
        """The keys that signed, and lent their voice; not those a statement brings."""
        signed = {
            (identity, keyid)
            for identity in opened
            for keyid in self.speakers[identity].keyids
        }
        known = {row.keyid: row for row in partners.list_keys({k for _, k in signed})}
        lent = {identity for identity, keyid in signed if keyid not in known}
        lenders = delegators_among(lent)
        for row in partners.list_keys(set(lenders.values()) - known.keys()):
            known[row.keyid] = row
        names = {(identity, lenders.get(keyid, keyid)) for identity, keyid in signed}
        spoke = [(identity, known[k]) for identity, k in names if k in known]
        return {
            ("key", row.keyid): bytes(row.tag)
            for identity, row in spoke
            if row.is_genesis or row.enrolled_by != identity
        }

    def _chain(
        self, of: Of, tag: bytes, roles: dict[str, tuple[str, str]]
    ) -> PlannedChain:
        rows = self.leaves[tag]
        value = None
        if rows:
            last = rows[-1]
            value = MapValue(last.chain_seq + 1, last.leaf_hash, last.index)
        is_told = of[0] == "batch" and bool(roles)
        return PlannedChain(
            of,
            tag,
            value,
            [
                LeafRow(
                    row.index,
                    row.statement_id or "",
                    row.position,
                    row.leaf,
                    roles[str(row.statement_id)] if is_told else None,
                )
                for row in rows
            ],
        )

    def _roles(self) -> dict[str, tuple[str, str]]:
        """Role and country of who spoke, by statement, as a stranger is told."""
        found = partners_by_gln({said.by for said in self.speakers.values()})
        return {
            identity: (found[said.by].role or "partner", found[said.by].country)
            for identity, said in self.speakers.items()
        }
