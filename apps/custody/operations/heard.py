"""Statements about goods on their way through the door, and their lines by windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.core.subjects import Subject
from apps.custody.queries.lines import SaidLine
from apps.custody.queries.sums import FileSums, Line, subjects_of_event
from apps.ledger.operations import Submission


@dataclass(slots=True)
class Heard:
    """A statement on its way: its place among others, its lines, what they move."""

    number: int
    submission: Submission
    lines: list[SaidLine] = field(default_factory=list)
    accepted_ms: int = 0
    moved: list[Line] = field(default_factory=list)

    @property
    def by(self) -> str:
        """Who speaks."""
        return self.submission.statement.by

    def subjects(self) -> tuple[Subject, ...]:
        """What the statement has to name."""
        if self.submission.statement.kind == "event":
            return subjects_of_event(self.moved[0])
        sums = FileSums()
        for line in self.moved:
            sums.add(line)
        return sums.subjects()


@dataclass(frozen=True, slots=True)
class Row:
    """What an event's row says beside the judgement."""

    ref: str
    by: str
    site: str
    biz_step: str
    disposition: str
    action: str
    counterparty: str
    accepted_ms: int
    event_time_ms: int
    parent_ref: str
    is_inferred: bool
    containers: tuple[str, ...]
    documents: tuple[Mapping[str, str], ...]


def row_of(each: Heard, line: SaidLine) -> Row:
    """The row of a line, whose statement has its moment."""
    said = line.said
    return Row(
        ref=line.ref,
        by=each.by,
        site=said.site,
        biz_step=said.biz_step,
        disposition=said.disposition,
        action=said.action,
        counterparty=said.destination,
        accepted_ms=each.accepted_ms,
        event_time_ms=said.event_time_ms,
        parent_ref=line.parents[0] if line.parents else "",
        is_inferred=said.is_inferred,
        containers=(*said.sscc, *([said.parent] if said.parent else [])),
        documents=said.documents,
    )


Window = Sequence[tuple[Heard, SaidLine]]


def glns_of(said: Iterable[Heard]) -> set[str]:
    """Who speaks, and to whom goods are sent."""
    named = {line.said.destination for each in said for line in each.lines}
    return {*named, *(each.by for each in said)} - {""}


def windows(said: Iterable[Heard], *, most: int) -> Iterator[Window]:
    """The lines in their order, at most so many at once.

    Cut where another speaks, and beside every new lot.
    """
    window: list[tuple[Heard, SaidLine]] = []
    for each in said:
        for line in each.lines:
            is_alone = line.said.lot is not None
            is_full = len(window) == most or begins_lot(window)
            if window and (is_alone or is_full or window[0][0].by != each.by):
                yield window
                window = []
            window.append((each, line))
    if window:
        yield window


def begins_lot(window: Window) -> bool:
    """Whether the window is the one line that commissions a lot."""
    return bool(window) and window[0][1].said.lot is not None


def foreign_refs(said: Iterable[Heard]) -> set[str]:
    """References to what none of these statements says itself."""
    own = {line.ref for each in said for line in each.lines}
    return {ref for each in said for line in each.lines for ref in line.parents} - own
