"""From a history in memory to the bundle of some of its lots."""

import io

from apps.core.bundle.boxes import Named
from apps.core.bundle.build import (
    LeafRow,
    LineRow,
    Plan,
    PlannedChain,
    Saying,
    assemble,
    chain_lines,
    entry_lines,
    map_pieces,
    tree_pieces,
)
from apps.core.bundle.follow import Follower
from apps.core.bundle.head import Demands
from apps.core.bundle.manifest import REDACTED, WHOLE, Lot
from apps.core.bundle.verify import verify_bundle
from apps.core.bundle.zipform import CHAINS, CHECKPOINT, ENTRIES, MAP, TREE
from apps.core.bundle.zipwrite import Packer
from apps.core.envelope import envelope_bytes
from apps.core.leaf import (
    CONFIG_TAG,
    LeafType,
    key_tag,
    party_tag,
    product_tag,
)
from apps.core.mapbuild import MapTree
from apps.core.ordinals import Ordinals
from apps.core.policy import Policy
from apps.core.speakers import brought_by
from apps.core.speech import delegators_of
from tests.core.bundle.saying import GTIN, ROLES
from tests.core.outside.small_ledger import POLICY, TAG_KEY

POLICY_READ = Policy.parse(POLICY)


class Planner:
    """What the bundle of some lots of a history must show."""

    def __init__(self, history, lots, *, form=WHOLE, reader="", recall=""):
        self.history, self.form, self.reader = history, form, reader
        self.lots = tuple(
            sorted(Lot(history.tag(lot, gtin), gtin, lot) for lot, gtin in lots)
        )
        self.recall = recall
        self.rows = {}  # by tag
        self._read_leaves()
        self.opened = set()
        self.tags = {("config",): CONFIG_TAG}
        for lot in self.lots:
            self.tags["batch", lot.gtin, lot.lot] = lot.tag
            self.tags["product", lot.gtin] = product_tag(TAG_KEY, gtin=lot.gtin)

    def _read_leaves(self):
        """The leaves of each tag; those of runs made since `close` are left out."""
        self.of = {}
        for identity, (_, _, first, salts) in self.history.ledger.said.items():
            for position in range(len(salts)):
                self.of[first + position] = (identity, position)
        for index, leaf in enumerate(self.history.ledger.leaves):
            if index in self.of:
                identity, position = self.of[index]
                row = LeafRow(index, identity, position, leaf)
                self.rows.setdefault(leaf.subject_tag, []).append(row)

    def plan(self):
        before = -1
        while before != (len(self.opened), len(self.tags)):
            before = (len(self.opened), len(self.tags))
            for of, tag in list(self.tags.items()):
                for row in self.rows.get(tag, ()):
                    if self._is_shown(of, row):
                        self.opened.add(row.statement_id)
            for identity in sorted(self.opened):
                self._name(identity)
        ledger = self.history.ledger
        tree_size = ledger.tree.size
        return Plan(
            form=self.form,
            ledger="trace.example/log",
            genesis=self.history.genesis,
            lots=self.lots,
            recall=self.recall,
            note=ledger.note,
            tree_size=tree_size,
            map_root=ledger.leaves[tree_size - 1],
            chains=tuple(self._chain(of, tag) for of, tag in self.tags.items()),
            opened=frozenset(self.opened),
        )

    def _is_shown(self, of, row):
        if of[0] == "party":
            return row.leaf.kind is LeafType.PARTY
        if of[0] == "batch" and self.form == REDACTED:
            return self._may_see(row)
        return True

    def _may_see(self, row):
        said = self.history.said[row.statement_id]
        if row.leaf.kind is LeafType.RECALL and said.statement.kind != "recall.answer":
            return True
        addressees = {line.event.destination for line in said.lines}
        return self.reader == said.statement.by or (
            said.statement.kind == "event" and self.reader in addressees
        )

    def _name(self, identity):
        """The chains that judging this statement takes."""
        said = self.history.said[identity]
        statement = said.statement
        envelope = self.history.ledger.said[identity][0]
        lent = delegators_of(envelope)
        for each in envelope.signatures:
            keyid = lent.get(each.keyid, each.keyid)
            if keyid not in brought_by(statement) or statement.kind == "genesis":
                self.tags["key", keyid] = key_tag(TAG_KEY, keyid=keyid)
        if self.form == REDACTED:
            return
        glns = (
            {statement.by} if statement.kind.startswith(("event", "product")) else set()
        )
        glns |= {line.event.destination for line in said.lines} - {""}
        for gln in glns:
            self.tags["party", gln] = party_tag(TAG_KEY, gln=gln)

    def _chain(self, of, tag):
        rows = self.rows.get(tag, [])
        if of[0] == "batch" and self.form == REDACTED:
            rows = [self._closed(row) for row in rows]
        return PlannedChain(of, tag, self.history.ledger.map_heads.get(tag), rows)

    def _closed(self, row):
        by = self.history.said[row.statement_id].statement.by
        link = (ROLES.get(by, "regulator"), "DE")
        return LeafRow(row.index, row.statement_id, row.position, row.leaf, link)

    def sayings(self, plan):
        """The statements in order, with the sets that must be stated."""
        follower = Follower(Ordinals.of)
        names = {lot.tag.hex() for lot in self.lots}
        for identity in plan.order():
            envelope, accepted_ms, _, salts = self.history.ledger.said[identity]
            said = self.history.said[identity]
            saying = Saying(identity, accepted_ms, envelope_bytes(envelope), salts)
            if self.form == WHOLE and said.statement.kind in {"event", "events"}:
                saying = self._goods(follower, names, said, saying)
            yield saying

    def _goods(self, follower, names, said, saying):
        more = {}
        if said.serials:
            (tag,) = said.units
            follower.commission(tag, len(said.serials))
            more = {"seed": said.seed, "serials": said.serials}
        elif said.statement.kind == "event":
            (line,) = said.lines
            more = {"ranges": self._stated(follower, names, line)}
        else:
            more = {"lines": list(self._lines(follower, names, said))}
        return Saying(
            saying.statement_id,
            saying.accepted_ms,
            saying.envelope,
            saying.salts,
            **more,
        )

    def _lines(self, follower, names, said):
        for line in said.lines:
            if any(units and tag in names for tag, units in line.event.units.items()):
                yield LineRow(
                    line.number, line.data, self._stated(follower, names, line)
                )

    def _stated(self, follower, names, line):
        said = line.said
        mine = {
            p: self.history.where[p]
            for p in said.packs
            if p in self.history.where and self.history.where[p][0] in names
        }
        loose = {}
        for tag, ordinal in mine.values():
            loose.setdefault(tag, []).append(ordinal)
        others = [said.epc_of(pack) for pack in said.packs if pack not in mine]
        named = Named(
            {tag: Ordinals.of(found) for tag, found in loose.items()},
            (*said.sscc, *others), said.parent, said.takes_all_out,
        )  # fmt: skip
        units = {t: u for t, u in line.event.units.items() if u and t in names}
        stated = follower.event(line.rule, named, units, corrects=line.corrects)
        return {bytes.fromhex(tag): units.ranges() for tag, units in stated.items()}


def write_bundle(plan, sayings, prove, tree, *, tamper=None):
    """The bytes of the zip; `tamper` may change or drop each line of the entries."""
    lines = entry_lines(plan, sayings)
    if tamper is not None:
        lines = filter(None, map(tamper, lines))
    pieces = {
        CHECKPOINT: [plan.note],
        CHAINS: chain_lines(plan),
        ENTRIES: lines,
        MAP: map_pieces(plan, prove),
        TREE: tree_pieces(plan, tree),
    }
    return zipped(plan, pieces)


def zipped(plan, pieces):
    """A zip of these pieces, with the manifest that fits them."""
    members = []
    for name, parts in pieces.items():
        file = io.BytesIO()
        packer = Packer(name, file)
        for part in parts:
            packer.write(part)
        packed = packer.finish()
        file.seek(0)
        members.append((packed, file))
    out = io.BytesIO()
    assemble(out, plan, members, io.BytesIO())
    return out.getvalue()


def planned(history, *lots, **more):
    """The planner and the plan for these lots of a closed history."""
    pairs = [(lot, GTIN) if isinstance(lot, str) else lot for lot in lots]
    planner = Planner(history, pairs, **more)
    return planner, planner.plan()


def bundle_of(history, *lots, tamper=None, **more):
    """The bundle of these lots of a closed history: bytes of a zip."""
    planner, plan = planned(history, *lots, **more)
    prove, tree = MapTree(history.ledger.map_heads).prove, history.ledger.tree
    return write_bundle(plan, planner.sayings(plan), prove, tree, tamper=tamper)


def check(data, history, **more):
    """What the verifier says of a bundle."""
    demands = Demands(POLICY_READ, history.genesis, **more)
    return verify_bundle(io.BytesIO(data), demands)
