"""Replay the law over everything that was said, from stored bytes alone.

The statements are taken in log order, those that wait behind. Parties, products and
recalls are read from their statements, packs from the evidence of serial chunks;
nothing that custody derived is asked. Where the books were closed, the state of goods
begins with the newest closing, and only what was said of goods after it is judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pyroaring import BitMap

from apps.core.custody import (
    CustodyEvent,
    Judgement,
    NewUnits,
    State,
    fold,
    judge,
)
from apps.core.custody.said import Pack
from apps.core.errors import IntegrityBreach
from apps.core.recall import Scope
from apps.core.statement import Statement
from apps.custody.formats import whole
from apps.custody.queries.closed import Closed, find_closed, load_closed
from apps.custody.queries.lines import SaidLine, read_lines
from apps.custody.queries.load import Loaded
from apps.custody.queries.logged import (
    judged_in_order,
    named_by_errors,
    submission_of,
)
from apps.custody.queries.registry import commissioned_serials
from apps.custody.queries.replay_readers import READERS
from apps.custody.queries.resolve import Named, build_event
from apps.custody.queries.sums import FileSums, Line, subjects_of_event
from apps.custody.queries.surroundings import Surroundings
from apps.ledger.operations import Submission


@dataclass(frozen=True, slots=True)
class Judged:
    """One event as the replay judged it; the state has taken it already."""

    line: SaidLine
    event: CustodyEvent[BitMap]
    judgement: Judgement[BitMap]
    statement_id: str
    accepted_ms: int


@dataclass(slots=True)
class Replay:
    """The state so far, and what resolving names needs."""

    state: State[BitMap] = field(default_factory=State)
    positions: dict[Pack, tuple[str, int]] = field(default_factory=dict)
    serials: dict[str, list[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)  # brand owner by GTIN
    scopes: dict[str, tuple[str, Scope]] = field(default_factory=dict)  # by recall
    sites: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    closed: Closed | None = None
    around: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self.around = Surroundings(self.state)

    def begin(self) -> None:
        """Take the newest closing, if the books were ever closed.

        Raises:
            IntegrityBreach: `snapshot_differs`, `snapshot_unreadable`.
        """
        self.closed = find_closed()
        skipped = self.closed.statements if self.closed else 0
        self.state.watched = named_by_errors(skipped=skipped)
        if self.closed is None:
            return
        load_closed(self.state, self.closed, watched=self.state.watched)
        self.around = Surroundings(self.state)
        for batch in self.state.batches.values():
            self._name(batch.tag, batch.gtin, base=0, size=batch.size)

    def run(self) -> Iterator[Judged]:
        """Judge every event again; what the log has, the law must accept.

        `begin` comes before it.

        Raises:
            TraceError: a statement in the log that cannot be read or is refused, or
                whose subjects do not name the units that it moves.
        """
        skipped = self.closed.statements if self.closed else 0
        for row in judged_in_order(skipped=skipped):
            submission = submission_of(row)
            reader = READERS.get(submission.statement.kind)
            if reader is not None:
                reader(self, row, submission.statement)
            elif submission.statement.kind in {"event", "events"}:
                yield from self.take(submission, ref=row.id, at_ms=row.accepted_ms)

    def take(self, submission: Submission, *, ref: str, at_ms: int) -> Iterator[Judged]:
        """Judge the events of one statement; the state takes each of them.

        Args:
            ref: the statement's id.
            at_ms: when it was accepted.

        Raises:
            TraceError: as `run`.
        """
        lines: list[Line] = []
        for line in read_lines(submission):
            event, seen = self._resolve(line, submission.statement)
            lines.append(_summed(line, event, submission.statement))
            judgement = judge(seen, event, at_ms)
            fold(self.state, event, judgement, at_ms)
            self.around.note(judgement)
            if event.new_units is not None:
                self._begin(event.new_units)
            yield Judged(line, event, judgement, ref, at_ms)
        _verify_subjects(submission.statement, lines, ref)

    def _resolve(
        self, line: SaidLine, statement: Statement
    ) -> tuple[CustodyEvent[BitMap], State[BitMap]]:
        """The event, and the part of the state that the law has to look at."""
        loose, boxes = self._loose(line), self._boxes(line)
        trees = self.around.around(epcs=(*boxes, line.said.parent), loose=loose)
        seen = replace(self.state, containers=trees)
        # Names stand for themselves here: nothing is looked up by a row's number.
        loaded = Loaded(state=seen, tags=dict(enumerate(loose)))
        named = Named(dict(enumerate(loose.values())), boxes)
        event = build_event(
            line.said,
            named,
            loaded,
            ref=line.ref,
            by=statement.by,
            parents=line.parents,
            new_units=_new_units(line, statement),
        )
        return event, seen

    def _loose(self, line: SaidLine) -> dict[str, BitMap]:
        """Packs that are named one by one, by batch tag."""
        found: dict[str, list[int]] = {}
        for pack in line.said.packs:
            if pack in self.positions:
                tag, ordinal = self.positions[pack]
                found.setdefault(tag, []).append(ordinal)
        return {tag: BitMap(ordinals) for tag, ordinals in found.items()}

    def _boxes(self, line: SaidLine) -> tuple[str, ...]:
        said = line.said
        cases = [said.epc_of(pack) for pack in said.packs if pack not in self.positions]
        return (*said.sscc, *cases)

    def _begin(self, new: NewUnits[BitMap]) -> None:
        """Give the new units names, an owner, and the recalls they are born under."""
        self.state.batches[new.tag].brand_owner = self.owners.get(new.gtin, "")
        self._name(new.tag, new.gtin, base=new.base, size=new.size)
        self.cover_all()

    def _name(self, tag: str, gtin: str, *, base: int, size: int) -> None:
        """Give units of a batch the serials that were commissioned."""
        names = commissioned_serials(tag=tag, base=base, size=size)
        self.serials.setdefault(tag, []).extend(names)
        for ordinal, serial in enumerate(names, base):
            self.positions[(gtin, serial)] = (tag, ordinal)

    def cover_all(self) -> None:
        """Apply every open scope to every batch, as the law has it."""
        for batch in self.state.batches.values():
            batch.recalled = BitMap()
        for recall_id, (gtin, scope) in self.scopes.items():
            recall = self.state.recalls[recall_id]
            units = {
                batch.tag: self._covered(batch.tag, scope)
                for batch in self.state.batches.values()
                if batch.gtin == gtin
                and scope.covers_batch(lot=batch.lot, expiry_date=batch.expiry_date)
            }
            self.state.recalls[recall_id] = replace(recall, units=units)
            for tag, covered in units.items():
                self.state.batches[tag].recalled |= covered

    def _covered(self, tag: str, scope: Scope) -> BitMap:
        if not scope.names_serials:
            return whole(self.state.batches[tag].size)
        names = self.serials[tag]
        return BitMap(n for n, name in enumerate(names) if scope.covers_serial(name))


def _summed(line: SaidLine, event: CustodyEvent[BitMap], statement: Statement) -> Line:
    serials = statement.subjects[0].serials if event.new_units is not None else None
    return Line(line.event, line.signed_parents, event.units, statement.by, serials)


def _verify_subjects(statement: Statement, lines: list[Line], ref: str) -> None:
    """What was signed is what is moved: the lines of a file are signed by this alone."""
    if statement.kind == "event":
        found = subjects_of_event(lines[0])
    else:
        sums = FileSums()
        for line in lines:
            sums.add(line)
        found = sums.subjects()
    if found != statement.subjects:
        raise IntegrityBreach("signed_units_differ", field=ref)


def _new_units(line: SaidLine, statement: Statement) -> NewUnits[BitMap] | None:
    if line.said.lot is None or not statement.subjects[0].serials:
        return None
    serials = statement.subjects[0].serials
    return NewUnits(
        tag=statement.subjects[0].tag.hex(),
        gtin=serials.gtin,
        lot=serials.lot,
        expiry_date=serials.expiry_date,
        base=serials.base,
        size=serials.size,
        units=BitMap(range(serials.base, serials.base + serials.size)),
    )
