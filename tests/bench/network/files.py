"""Files of events: signed by their party, appended as evidence, judged at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyroaring import BitMap

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.envelope import statement_id
from apps.core.epcis import EpcisEvent, event_json
from apps.core.subjects import Reference
from apps.custody.operations.replayed import ReplayedRows
from apps.custody.queries.replay import Replay
from apps.custody.queries.sums import FileSums, Line
from tests.bench.holders import Holder
from tests.bench.saying import Sayer


@dataclass(slots=True)
class File:
    """One file of one party, while it is being written."""

    by: Holder
    lines: list[Line] = field(default_factory=list)

    def add(self, event: EpcisEvent, units: Mapping[str, BitMap], *parents: str) -> str:
        """One more event; how later lines of the same file name it."""
        after = [Reference.parse(ref) for ref in parents]
        self.lines.append(Line(event_json(event), after, units, self.by.gln))
        return f"#{len(self.lines) - 1}"


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes files: what the door does, but for HTTP and for asking rows of each event.

    The law is the door's own (`custody.queries.replay`); the rows are written by what
    `manage.py rebuild` writes with.
    """

    sayer: Sayer
    replay: Replay
    rows: ReplayedRows

    def submit(self, file: File) -> str:
        """Sign and append the file, judge its events; the statement's id."""
        sums = FileSums()
        for line in file.lines:
            sums.add(line)
        data = b"".join(_bytes_of(line) + b"\n" for line in file.lines)
        said = self.sayer.say(
            file.by.voice,
            "events",
            "I hand these packs on",
            sums.subjects(),
            EventsFile.of(data).to_json(),
            lines=data,
        )
        name = statement_id(said.envelope)
        for judged in self.replay.take(said, ref=name, at_ms=said.at_ms):
            self.rows.take(judged)
        return name


def _bytes_of(line: Line) -> bytes:
    parents = [parent.text for parent in line.parents]
    return canonical_bytes({"event": dict(line.event), "parents": parents})
