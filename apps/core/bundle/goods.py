"""Events of the lots, judged one after the other in the order of the log."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..canonical import JsonValue
from ..custody import CustodyEvent, Judgement, NewUnits, Place, State, fold
from ..custody.said import Said, said_of
from ..custody.state import ACTIVE
from ..epcis import parse_event
from ..errors import ProofError
from ..events import CLOCK_TOLERANCE_MS, line_leaf, read_event
from ..merkle import RootBuilder
from ..ordinals import Ordinals
from ..ranges import Ranges
from ..statement import Statement
from ..steps import at_step
from ..subjects import EventsRoot, Moved, Reference, Subject
from .boxes import Named
from .calls import Calls
from .lines import Opened, ShownLine
from .lotlaw import PACKING, UNPACKING, judge_lot
from .units import Units, moved

SERIALS_STEP: Final = 10
SETS_STEP: Final = 11
LAW_STEP: Final = 12
_CORRECTING: Final = "correcting"


@dataclass(frozen=True, slots=True)
class _Said:
    """One event with its references in full, and where it was said."""

    ref: str
    by: str
    said: Said
    parents: tuple[str, ...]
    ranges: Mapping[bytes, Ranges]
    accepted_ms: int


@dataclass(slots=True)
class Goods:
    """What has become of the units so far.

    Args:
        tags: of the lots.
    """

    units: Units
    calls: Calls
    tags: frozenset[bytes]
    events: int = 0
    _moves: int = 0  # events that moved units, so far
    _moved: dict[str, array[int]] = field(default_factory=dict)  # the last, by unit
    _at: dict[str, int] = field(default_factory=dict)  # `_moves` after an event

    @property
    def state(self) -> State[Ordinals]:
        """The law's state."""
        return self.calls.state

    def commission(
        self,
        opened: Opened,
        statement: Statement,
        identity: str,
        serials: Iterator[str],
    ) -> None:
        """Judge a statement that begins a lot, or adds units to it; steps 10 and 12."""
        (subject,) = statement.subjects
        signed = subject.serials
        if signed is None:
            raise RuntimeError("the caller looked")
        with at_step(SERIALS_STEP):
            self.units.commission(subject.tag, signed, opened.seed, serials)
        tag, last = subject.tag.hex(), signed.base + signed.size - 1
        new = NewUnits(
            tag=tag,
            gtin=signed.gtin,
            lot=signed.lot,
            expiry_date=signed.expiry_date,
            base=signed.base,
            size=signed.size,
            units=Ordinals.from_ranges([(signed.base, last)]),
        )
        said = self._one(identity, statement, opened, said_of(read_event(statement)))
        self._moved.setdefault(tag, array("I")).extend([0] * signed.size)
        with at_step(LAW_STEP):
            self._judge(said, {tag: new.units}, None, new)
        batch = self.state.batches[tag]
        batch.brand_owner = self.calls.register.owners.get(new.gtin, "")
        self.calls.cover_all()

    def event(self, opened: Opened, statement: Statement, identity: str) -> None:
        """Judge a statement of one event; steps 11 and 12."""
        said = self._one(identity, statement, opened, said_of(read_event(statement)))
        with at_step(SETS_STEP):
            named = self.units.name(said.said)
            units = self.units.resolve(named, opened.ranges)
            self._verify_signed(statement, units)
        with at_step(LAW_STEP):
            self._judge(said, units, named, None)

    def file(
        self,
        opened: Opened,
        statement: Statement,
        identity: str,
        lines: Iterable[ShownLine],
    ) -> list[str]:
        """Judge the lines of a file that touch the lots; steps 11 and 12.

        Returns:
            The sites at which they took place.
        """
        roots = {subject.tag: RootBuilder() for subject in self._own(statement)}
        sites, previous = [], -1
        for line in lines:
            with at_step(SETS_STEP):
                if line.number <= previous:
                    raise ProofError("not_sorted", field="line", got=line.number)
                previous = line.number
                said = self._line(line, opened, statement, identity)
                named = self.units.name(said.said)
                units = self.units.resolve(named, line.ranges)
                _grow(roots, line, units)
            sites.append(said.said.site)
            with at_step(LAW_STEP):
                self._judge(said, units, named, None)
        with at_step(SETS_STEP):
            for subject in self._own(statement):
                builder = roots[subject.tag]
                found = EventsRoot(builder.size, builder.root())
                if found != subject.events:
                    raise _differs(subject, f"{found.size} lines", "the lines signed")
        return sites

    def _own(self, statement: Statement) -> list[Subject]:
        """The subjects that are lots of the bundle."""
        return [each for each in statement.subjects if each.tag in self.tags]

    def _one(
        self, identity: str, statement: Statement, opened: Opened, said: Said
    ) -> _Said:
        parents = tuple(parent.text for parent in statement.parents)
        return _Said(
            identity, statement.by, said, parents, opened.ranges, opened.accepted_ms
        )

    def _line(
        self, line: ShownLine, opened: Opened, statement: Statement, identity: str
    ) -> _Said:
        where = f"events[{line.number}]"
        event = parse_event(line.event, where=where)
        if event.event_time_ms > statement.at_ms + CLOCK_TOLERANCE_MS:
            raise ProofError("event_mismatch", field=where, wanted="no later event")
        return _Said(
            ref=f"{identity}#{line.number}",
            by=statement.by,
            said=said_of(event),
            parents=tuple(_full(parent, identity) for parent in line.parents),
            ranges=line.ranges,
            accepted_ms=opened.accepted_ms,
        )

    def _verify_signed(
        self, statement: Statement, units: Mapping[str, Ordinals]
    ) -> None:
        """What was signed is what is named: number and set of every lot."""
        signed = {each.tag.hex(): each.moved for each in self._own(statement)}
        for tag in signed.keys() | units.keys():
            found = moved(units.get(tag, Ordinals()))
            wanted = signed.get(tag) or Moved(0, moved(Ordinals()).set_digest)
            if found != wanted:
                subject = Subject(bytes.fromhex(tag))
                raise _differs(subject, f"{found.n} units", f"{wanted.n} as signed")

    def _judge(
        self,
        one: _Said,
        units: Mapping[str, Ordinals],
        named: Named[Ordinals] | None,
        new: NewUnits[Ordinals] | None,
    ) -> None:
        event = _as_law_has_it(one, units, new)
        self._note_later(event)
        judgement = judge_lot(self.state, event, one.accepted_ms)
        rule = judgement.rule
        if rule == _CORRECTING and self._takes_packing_back(event):
            rule = UNPACKING
        fold(self.state, event, judgement, one.accepted_ms)
        if named is not None:
            self.units.boxes.follow(rule, named, units)
        self._note(event, judgement, new)
        self.events += 1

    def _takes_packing_back(self, event: CustodyEvent[Ordinals]) -> bool:
        records = [self.state.events.get(ref) for ref in event.parents]
        return any(record is not None and record.rule == PACKING for record in records)

    def _note(
        self,
        event: CustodyEvent[Ordinals],
        judgement: Judgement[Ordinals],
        new: NewUnits[Ordinals] | None,
    ) -> None:
        """Remember who has held what, and which event moved each unit last."""
        moves = [(move.tag, move.units, move.target) for move in judgement.moves]
        if new is not None:
            moves.append((new.tag, new.units, Place(event.by, event.site, ACTIVE)))
        self._moves += 1
        for tag, part, target in moves:
            key = (target.holder, tag)
            held = self.calls.held.get(key)
            if held is None or not part <= held:
                self.calls.held[key] = part if held is None else held | part
            last = self._moved[tag]
            for low, high in part.ranges():
                size = high - low + 1
                last[low : high + 1] = array("I", [self._moves]) * size
        self._at[event.ref] = self._moves

    def _note_later(self, event: CustodyEvent[Ordinals]) -> None:
        """For an error declaration: which of its units moved since the event named."""
        self.state.later = {}
        if not event.error:
            return
        for ref in event.parents:
            since = self._at.get(ref)
            if since is not None:
                self.state.later[ref] = {
                    tag: Ordinals.of(n for n in part if self._moved[tag][n] > since)
                    for tag, part in event.units.items()
                }


def _as_law_has_it(
    one: _Said,
    units: Mapping[str, Ordinals],
    new: NewUnits[Ordinals] | None,
) -> CustodyEvent[Ordinals]:
    said = one.said
    return CustodyEvent(
        ref=one.ref,
        by=one.by,
        form=said.form,
        action=said.action,
        biz_step=said.biz_step,
        disposition=said.disposition,
        site=said.site,
        units=units,
        loose={} if new else units,
        parent=said.parent,
        parents=one.parents,
        source=said.source,
        destination=said.destination,
        destination_site=said.destination_site,
        has_rma=said.has_rma,
        lifts=said.lifts,
        error=said.error,
        new_units=new,
    )


def _grow(
    roots: Mapping[bytes, RootBuilder], line: ShownLine, units: Mapping[str, Ordinals]
) -> None:
    """Add the line to the root of each lot that it touches."""
    event: Mapping[str, JsonValue] = line.event
    if not units:
        raise ProofError("foreign_line", field=f"events[{line.number}]")
    for tag, part in units.items():
        builder = roots.get(bytes.fromhex(tag))
        if builder is None:
            raise _differs(Subject(bytes.fromhex(tag)), "a line of it", "its root")
        builder.append(
            line_leaf(
                number=line.number,
                event=event,
                parents=line.parents,
                moved=moved(part),
            )
        )


def _full(parent: Reference, identity: str) -> str:
    return parent.text if parent.statement_id else f"{identity}{parent.text}"


def _differs(subject: Subject, got: str, wanted: str) -> ProofError:
    return ProofError(
        "subjects_differ", field=f"lot {subject.tag.hex()}", got=got, wanted=wanted
    )
