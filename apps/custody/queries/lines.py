"""The events of a statement, read: one body, or a file of NDJSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from apps.core.bodies import EventsFile, read_body
from apps.core.canonical import JsonValue, parse_canonical
from apps.core.envelope import statement_id
from apps.core.errors import MalformedInput
from apps.core.subjects import Reference
from apps.custody.queries.said import Said, read_said
from apps.ledger.formats import Submission

MAX_LINES = 20_000
_MAX_LINE_BYTES = 1 << 20


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
    signed_parents: tuple[str, ...]
    parents: tuple[str, ...]


def read_lines(submission: Submission) -> list[SaidLine]:
    """Every event of the statement, in order.

    Raises:
        MalformedInput: a line that cannot be read, or names a later line.
    """
    identity = statement_id(submission.envelope)
    statement = submission.statement
    if statement.kind == "event":
        parents = tuple(parent.text for parent in statement.parents)
        event = statement.body
        return [SaidLine(identity, event, read_said(event), parents, parents)]
    lines = list(_read_file(identity, submission.lines))
    body = read_body(statement)
    if isinstance(body, EventsFile) and body.count != len(lines):
        raise MalformedInput(
            "body_mismatch", field="body.count", got=body.count, wanted=str(len(lines))
        )
    return lines


def _read_file(identity: str, data: bytes | None) -> Iterator[SaidLine]:
    if not data or not data.endswith(b"\n"):
        raise MalformedInput(
            "events_missing",
            field="events",
            wanted="NDJSON, each line ended by a line feed",
        )
    lines = data[:-1].split(b"\n")
    if len(lines) > MAX_LINES:
        raise MalformedInput(
            "too_many_events",
            field="events",
            got=len(lines),
            wanted=f"at most {MAX_LINES} lines",
        )
    for number, line in enumerate(lines):
        yield _read_line(identity, number, line)


def _read_line(identity: str, number: int, line: bytes) -> SaidLine:
    field = f"events[{number}]"
    value = parse_canonical(line, max_bytes=_MAX_LINE_BYTES, doubles=True)
    if not isinstance(value, dict) or set(value) != {"event", "parents"}:
        raise MalformedInput(
            "bad_line", field=field, wanted='an object {"event", "parents"}'
        )
    event, parents = value["event"], value["parents"]
    if not isinstance(event, dict) or not isinstance(parents, list):
        raise MalformedInput("wrong_type", field=field, wanted="an object and a list")
    references = [_reference(text, field) for text in parents]
    for reference in references:
        if not reference.statement_id and (reference.line or 0) >= number:
            raise MalformedInput(
                "bad_reference", field=field, got=reference.text, wanted="earlier lines"
            )
    return SaidLine(
        ref=f"{identity}#{number}",
        event=event,
        said=read_said(event, where=f"{field}.event"),
        signed_parents=tuple(reference.text for reference in references),
        parents=tuple(
            reference.text if reference.statement_id else f"{identity}{reference.text}"
            for reference in references
        ),
    )


def _reference(text: object, field: str) -> Reference:
    if not isinstance(text, str):
        raise MalformedInput("wrong_type", field=field, wanted="references as texts")
    return Reference.parse(text, field=field)
