"""What a signer signs of the goods: per subject a count and a set, or a root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap

from apps.core.canonical import JsonValue, canonical_bytes
from apps.core.leaf import party_tag
from apps.core.merkle import RootBuilder, leaf_hash
from apps.core.ranges import set_digest
from apps.core.subjects import (
    EventsRoot,
    Moved,
    Serials,
    Subject,
    moved_json,
)
from apps.custody.formats import ranges
from apps.edge.secrets import tag_key


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a statement: its JSON, its parents, the units it names."""

    event: Mapping[str, JsonValue]
    parents: Sequence[str]
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
            entry: dict[str, JsonValue] = {
                "line": self.count,  # so that `id#k` means one event to all
                "event": dict(line.event),
                "parents": list(line.parents),
                **moved_json(named, line.serials),
            }
            builder = self.roots.setdefault(tag, RootBuilder())
            builder.append(leaf_hash(canonical_bytes(entry)))
        self.count += 1

    def subjects(self) -> tuple[Subject, ...]:
        """The subjects so far, ascending by tag."""
        return tuple(
            Subject(tag, events=EventsRoot(builder.size, builder.root()))
            for tag, builder in sorted(self.roots.items())
        )
