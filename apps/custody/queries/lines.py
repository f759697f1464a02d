"""The events of a statement, read: one body, or a file of NDJSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.core.canonical import JsonValue
from apps.core.custody.said import Said, said_of
from apps.core.envelope import statement_id
from apps.core.errors import MalformedInput
from apps.core.events import EventLine, read_event, read_file
from apps.core.subjects import Reference
from apps.ledger.formats import Submission


@dataclass(frozen=True, slots=True)
class SaidLine:
    """One event with its references.

    Args:
        ref: `id`, or `id#k` for line k of a file.
        signed_parents: references as signed, `#k` within the same file.
        parents: the same, in full.
    """

    ref: str
    event: Mapping[str, JsonValue]
    said: Said
    signed_parents: tuple[Reference, ...]
    parents: tuple[str, ...]


def read_lines(submission: Submission) -> list[SaidLine]:
    """Every event of the statement, in order.

    Raises:
        MalformedInput: an event that cannot be read or does not fit its statement,
            a file that is missing or is not, byte for byte, the one that was signed.
    """
    identity, statement = statement_id(submission.envelope), submission.statement
    if statement.kind == "event":
        event = read_event(statement)
        parents = tuple(parent.text for parent in statement.parents)
        said = said_of(event)
        return [SaidLine(identity, statement.body, said, statement.parents, parents)]
    if submission.lines is None:
        raise MalformedInput(
            "events_missing", field="events", got="nothing", wanted="NDJSON"
        )
    lines = read_file(statement, submission.lines)
    return [_said_line(identity, line) for line in lines]


def _said_line(identity: str, line: EventLine) -> SaidLine:
    return SaidLine(
        ref=f"{identity}#{line.number}",
        event=line.event_json,
        said=said_of(line.event),
        signed_parents=line.parents,
        parents=tuple(
            parent.text if parent.statement_id else f"{identity}{parent.text}"
            for parent in line.parents
        ),
    )
