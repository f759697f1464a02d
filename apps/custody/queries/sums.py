"""What a signer signs of the goods: per subject a count and a set, or a root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap

from apps.core.canonical import JsonValue
from apps.core.events import line_leaf
from apps.core.leaf import party_tag
from apps.core.merkle import RootBuilder
from apps.core.ranges import set_digest
from apps.core.subjects import (
    EventsRoot,
    Moved,
    Reference,
    Serials,
    Subject,
)
from apps.custody.formats import ranges
from apps.edge.secrets import tag_key


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a statement: its JSON, its parents, the units it names."""

    event: Mapping[str, JsonValue]
    parents: Sequence[Reference]
    units: Mapping[str, BitMap]  # by tag in hex
    by: str
    serials: Serials | None = None


def moved(units: BitMap) -> Moved:
    """The count and the digest of the canonical ranges of `units`."""
    return Moved(n=len(units), set_digest=set_digest(tuple(ranges(units))))


def subjects_of_event(line: Line) -> tuple[Subject, ...]:
    """The subjects of a statement of kind event."""
    subjects = [
        Subject(bytes.fromhex(tag), moved=moved(units), serials=line.serials)
        for tag, units in line.units.items()
        if units
    ]
    if not subjects:
        return (Subject(party_tag(tag_key(), gln=line.by)),)
    return tuple(sorted(subjects, key=lambda subject: subject.tag))


@dataclass(slots=True)
class FileSums:
    """The subjects of a statement of kind events, summed line by line."""

    roots: dict[bytes, RootBuilder] = field(default_factory=dict)
    count: int = 0  # lines so far

    def add(self, line: Line) -> None:
        """Take one more line of the file into the roots of what it touches."""
        touched = {
            bytes.fromhex(tag): moved(units)
            for tag, units in line.units.items()
            if units
        }
        if not touched:
            touched = {party_tag(tag_key(), gln=line.by): moved(BitMap())}
        for tag, named in touched.items():
            builder = self.roots.setdefault(tag, RootBuilder())
            builder.append(
                line_leaf(
                    number=self.count,
                    event=line.event,
                    parents=line.parents,
                    moved=named,
                    serials=line.serials,
                )
            )
        self.count += 1

    def subjects(self) -> tuple[Subject, ...]:
        """The subjects so far, ascending by tag."""
        return tuple(
            Subject(tag, events=EventsRoot(builder.size, builder.root()))
            for tag, builder in sorted(self.roots.items())
        )
