"""Recalls of the lots' products: what they cover, and what holders answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..bodies import RecallAmend, RecallAnswer, RecallClose, RecallOpen, read_body
from ..custody import OpenRecall, State
from ..errors import ForbiddenTransfer, ProofError
from ..ordinals import Ordinals
from ..recall import Scope
from ..statement import Statement
from .parties import Register
from .units import Units, moved


@dataclass(slots=True)
class Calls:
    """The recalls said so far.

    Args:
        held: every unit that a party has held, by (GLN, tag of the lot in hex).
    """

    chains: Mapping[tuple[str, ...], bytes]
    register: Register
    units: Units
    held: dict[tuple[str, str], Ordinals]
    opened: dict[str, tuple[str, Scope]] = field(default_factory=dict)  # by, scope
    gtins: dict[str, str] = field(default_factory=dict)  # by recall
    named: dict[str, set[bytes]] = field(default_factory=dict)  # tags of its lots
    answers: int = 0
    stands: dict[str, str] = field(default_factory=dict)  # open or closed, by recall

    @property
    def state(self) -> State[Ordinals]:
        """The law's state, which knows the open recalls."""
        return self.register.state

    def judge(self, statement: Statement, identity: str, *, is_whole: bool) -> None:
        """Take a statement about a recall.

        Args:
            is_whole: False where lots and serials are not shown, only the statements.

        Raises:
            ForbiddenTransfer: `not_brand_owner`, `not_recall_opener`, `recall_closed`,
                `recall_unknown`, `never_held`.
            ProofError: `subjects_differ`: it is not said in the chains it is about.
        """
        body = read_body(statement)
        if isinstance(body, RecallOpen):
            self._open(body, statement, identity, is_whole=is_whole)
        elif isinstance(body, RecallAmend):
            by, old = self._own(statement, body.recall)
            covered = self._covering(body.recall, old)
            self.opened[body.recall] = (by, body.scope)
            covered |= self._covering(body.recall, body.scope)
            self._verify_subjects(statement, body.recall, covered, is_whole=is_whole)
        elif isinstance(body, RecallClose):
            _, scope = self._own(statement, body.recall)
            covered = self._covering(body.recall, scope)
            self._verify_subjects(statement, body.recall, covered, is_whole=is_whole)
            self.state.recalls.pop(body.recall, None)
            self.stands[body.recall] = "closed"
        elif isinstance(body, RecallAnswer):
            self._answer(body, statement, is_whole=is_whole)
            return
        self.cover_all()

    def cover_all(self) -> None:
        """Apply every open scope to every lot, as the law has it."""
        batches = self.state.batches
        for batch in batches.values():
            batch.recalled = Ordinals()
        for recall_id, recall in self.state.recalls.items():
            _, scope = self.opened[recall_id]
            units = {
                tag: self.units.covered(tag, scope)
                for tag in self._covering(recall_id, scope)
            }
            self.state.recalls[recall_id] = replace(recall, units=units)
            for tag, covered in units.items():
                batches[tag].recalled |= covered

    def _open(
        self, body: RecallOpen, statement: Statement, identity: str, *, is_whole: bool
    ) -> None:
        by = statement.by
        owner = self.register.owners.get(body.gtin, "")
        if by != owner and by not in self.state.regulators:
            raise _refuse("not_brand_owner", statement, by, f"{owner} or a regulator")
        if statement.parents:
            raise _refuse("wrong_parents", statement, "parents", "no parents")
        self.opened[identity] = (by, body.scope)
        self.gtins[identity] = body.gtin
        self.stands[identity] = "open"
        self.state.recalls[identity] = OpenRecall(identity, by, body.return_to, {})
        covered = self._covering(identity, body.scope)
        self._verify_subjects(statement, identity, covered, is_whole=is_whole)

    def _own(self, statement: Statement, recall_id: str) -> tuple[str, Scope]:
        """Opener and scope of a recall that is open and the speaker's to change."""
        self._verify_open(statement, recall_id)
        by, scope = self.opened[recall_id]
        if statement.by != by and statement.by not in self.state.regulators:
            raise _refuse("not_recall_opener", statement, statement.by, by)
        return by, scope

    def _verify_open(self, statement: Statement, recall_id: str) -> None:
        if recall_id not in self.opened:
            raise _refuse("recall_unknown", statement, recall_id, "a recall before it")
        if [parent.text for parent in statement.parents] != [recall_id]:
            raise _refuse("wrong_parents", statement, "parents", "the recall alone")
        if self.stands[recall_id] != "open":
            raise _refuse("recall_closed", statement, recall_id, "an open recall")

    def _answer(
        self, body: RecallAnswer, statement: Statement, *, is_whole: bool
    ) -> None:
        """An answer is about every recalled unit that its party holds or held."""
        self._verify_open(statement, body.recall)
        self.answers += 1
        if not is_whole:
            return
        recall = self.state.recalls[body.recall]
        for subject in statement.subjects:
            tag = subject.tag.hex()
            covered = recall.units.get(tag, Ordinals())
            held = self.held.get((statement.by, tag), Ordinals()) & covered
            if not held or subject.moved != moved(held):
                raise _refuse(
                    "never_held",
                    statement,
                    f"{subject.moved.n if subject.moved else 0} units",
                    f"the {len(held)} recalled units that it holds or held",
                )

    def _covering(self, recall_id: str, scope: Scope) -> set[str]:
        """The lots that exist and have units in the scope."""
        return {
            batch.tag
            for batch in self.state.batches.values()
            if batch.gtin == self.gtins[recall_id]
            and scope.covers_batch(lot=batch.lot, expiry_date=batch.expiry_date)
            and self.units.covered(batch.tag, scope)
        }

    def _verify_subjects(
        self, statement: Statement, recall_id: str, covered: set[str], *, is_whole: bool
    ) -> None:
        """A recall stands in the chain of its product and of each lot it covers."""
        tags = {subject.tag for subject in statement.subjects}
        product = self.chains.get(("product", self.gtins[recall_id]), b"")
        if product not in tags:
            raise ProofError("subjects_differ", field="subjects", wanted="the product")
        self.named.setdefault(recall_id, set()).update(tags - {product})
        if not is_whole:
            return
        for tag in self.state.batches:
            if (bytes.fromhex(tag) in tags) != (tag in covered):
                raise ProofError(
                    "subjects_differ",
                    field=f"subjects of {statement.kind}",
                    got=f"{len(tags)} chains",
                    wanted=f"lot {tag} if it is covered, and only then",
                )


def _refuse(
    code: str, statement: Statement, got: str, wanted: str
) -> ForbiddenTransfer:
    return ForbiddenTransfer(code, rule=statement.kind, got=got, wanted=wanted)
