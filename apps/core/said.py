"""What a statement says, read as the door must have read it: step 3 of the verifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .bodies import EventsFile, read_body
from .encoding import format_time_ms
from .errors import ProofError
from .events import (
    CLOCK_TOLERANCE_MS,
    EventLine,
    events_root,
    line_leaf,
    read_event,
    read_file,
)
from .ranges import set_digest
from .statement import Statement
from .steps import Finding
from .subjects import Moved

_NOTHING: Final = Moved(0, set_digest(()))


def judge_content(
    statement: Statement, *, accepted_ms: int, files: Mapping[str, bytes]
) -> list[Finding]:
    """Check the body and the times of a statement, and its file of events if shown.

    Args:
        files: files of events, by the hex of their SHA-256.

    Raises:
        MalformedInput: a body that its kind cannot have, or a file that is not as
            the statement says.
        ProofError: `statement_expired`, `from_the_future`, `subjects_differ`.
    """
    verify_accepted(statement, accepted_ms)
    if statement.kind == "event":
        read_event(statement)
        return []
    body = read_body(statement)
    if not isinstance(body, EventsFile):
        return []
    lines = files.get(body.digest.hex())
    if lines is None:
        text = f"its file of {body.count} event(s) was not shown"
        return [Finding(3, text, is_shown=False)]
    return _judge_file(statement, read_file(statement, lines))


def verify_accepted(statement: Statement, accepted_ms: int) -> None:
    """Check that a statement was accepted in its time, as the door does.

    Raises:
        ProofError: `statement_expired`, `from_the_future`.
    """
    accepted = format_time_ms(accepted_ms)
    if accepted_ms > statement.expires_ms:
        raise ProofError(
            "statement_expired",
            field="accepted_ms",
            got=accepted,
            wanted=f"at most {format_time_ms(statement.expires_ms)}",
        )
    if statement.at_ms > accepted_ms + CLOCK_TOLERANCE_MS:
        raise ProofError(
            "from_the_future",
            field="accepted_ms",
            got=accepted,
            wanted=f"at most 5 minutes before {format_time_ms(statement.at_ms)}",
        )


def _judge_file(statement: Statement, lines: Sequence[EventLine]) -> list[Finding]:
    signed = [each.events for each in statement.subjects if each.events]
    if sum(each.size for each in signed) < len(lines):
        raise ProofError("subjects_differ", field="subjects", wanted="all lines")
    found = Finding(3, f"the file of {len(lines)} event(s) is the one that was signed")
    if not all(_moves_nothing(line) for line in lines):
        text = (
            f"{len(signed)} root(s) over the lines not checked: which packs a line "
            "moves stands in serial lists that are not here"
        )
        return [found, Finding(3, text, is_shown=False)]
    leaves = [
        line_leaf(
            number=line.number,
            event=line.event_json,
            parents=line.parents,
            moved=_NOTHING,
        )
        for line in lines
    ]
    if signed != [events_root(leaves)]:
        raise ProofError("subjects_differ", field="subjects", wanted="the lines' root")
    return [found, Finding(3, "the root over its lines recomputes")]


def _moves_nothing(line: EventLine) -> bool:
    """Whether it is sure from the event alone: a new container is empty."""
    event = line.event
    is_new = (event.biz_step, event.action) == ("commissioning", "ADD")
    return is_new and not event.quantities and event.error is None
