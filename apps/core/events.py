"""Events inside statements: the one of kind `event`, the lines of kind `events`.

A file of events is NDJSON, one line `{event, parents}` each, in RFC 8785 form. Each
subject of its statement signs an RFC 6962 root over the lines that touch it, so a
bundle for one batch shows exactly that batch's events and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .bodies import EventsFile, read_body
from .canonical import JsonValue, canonical_bytes, parse_canonical, verify_integers_only
from .epcis import EpcisEvent, parse_event
from .errors import MalformedInput
from .fields import Fields
from .merkle import RootBuilder, leaf_hash
from .statement import Statement
from .subjects import (
    EventsRoot,
    Moved,
    Reference,
    Serials,
    moved_json,
    read_parents,
)

MAX_LINES: Final = 20_000
MAX_LINE_BYTES: Final = 1 << 20
CLOCK_TOLERANCE_MS: Final = 5 * 60 * 1000


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line of a file: the event, as read and as signed, and its parents."""

    number: int
    event: EpcisEvent
    event_json: Mapping[str, JsonValue]
    parents: tuple[Reference, ...]


def read_event(statement: Statement) -> EpcisEvent:
    """The event of a statement of kind `event`, which must agree with its subjects.

    Raises:
        MalformedInput: as `epcis.parse_event`; `event_mismatch`: it lies in the
            statement's future, or it begins a lot and the subject's serials do not
            say the same GTIN, lot, expiry date and number, or the reverse.
    """
    event = parse_event(statement.body)
    if event.event_time_ms > statement.at_ms + CLOCK_TOLERANCE_MS:
        raise _mismatch("body.eventTime", "not after the statement")
    serials = [each.serials for each in statement.subjects if each.serials]
    if begins_lot(event) != bool(serials):
        raise _mismatch("subjects", "serials where a lot begins and only there")
    if serials:
        _verify_serials(event, statement, serials)
    return event


def begins_lot(event: EpcisEvent) -> bool:
    """Whether the event commissions units of a lot by quantity."""
    if event.biz_step != "commissioning" or event.action != "ADD":
        return False
    return bool(event.quantities) and event.error is None


def parse_lines(data: bytes) -> tuple[EventLine, ...]:
    """Read a file of events: every line ends with a line feed, the last one too.

    Raises:
        MalformedInput: a line that is not RFC 8785 of exactly `event` and `parents`,
            an event that cannot be read, `#k` that is not an earlier line.
    """
    if not data.endswith(b"\n"):
        raise MalformedInput(
            "bad_lines",
            field="events",
            got=f"{len(data)} bytes, no line feed at the end",
            wanted="lines, each ended by a line feed",
        )
    lines = data[:-1].split(b"\n")
    if len(lines) > MAX_LINES:
        raise MalformedInput(
            "too_large",
            field="events",
            got=f"{len(lines)} lines",
            wanted=f"at most {MAX_LINES}",
        )
    return tuple(_parse_line(number, line) for number, line in enumerate(lines))


def read_file(statement: Statement, data: bytes) -> tuple[EventLine, ...]:
    """The lines of the file that a statement of kind `events` names.

    Raises:
        MalformedInput: as `parse_lines`; `body_mismatch`: another file than the one
            that was signed; `event_mismatch`: a line in the statement's future.
    """
    body = read_body(statement)
    if isinstance(body, EventsFile):
        # Before any line is read: another file costs its hash, not its parsing.
        body.verify(data)
    lines = parse_lines(data)
    latest = statement.at_ms + CLOCK_TOLERANCE_MS
    for line in lines:
        if line.event.event_time_ms > latest:
            where = f"events[{line.number}].event.eventTime"
            raise _mismatch(where, "not after the statement")
    return lines


def line_leaf(
    *,
    number: int,
    event: Mapping[str, JsonValue],
    parents: Sequence[Reference],
    moved: Moved,
    serials: Serials | None = None,
) -> bytes:
    """The leaf hash of one line in the tree of one subject.

    The number of the line is in it: `id#k` must mean one event also to somebody who
    sees only the events of one batch.

    Source: DESIGN section 3, kind `events`; leaf hash as RFC 6962 section 2.1.
    """
    return leaf_hash(
        canonical_bytes(
            {
                "line": number,
                "event": dict(event),
                "parents": [parent.text for parent in parents],
                **moved_json(moved, serials),
            }
        )
    )


def events_root(leaves: Iterable[bytes]) -> EventsRoot:
    """What a subject signs: number and root of the lines that touch it."""
    builder = RootBuilder()
    builder.extend(leaves)
    return EventsRoot(size=builder.size, root=builder.root())


def read_line(fields: Fields, number: int) -> EventLine:
    """The line `number`, of exactly `event` and `parents`; errors as `parse_lines`."""
    where = fields.where
    parents = read_parents(fields)
    event = fields.members("event")
    fields.close()
    for name, member in event.items():
        if name != "sensorElementList":
            verify_integers_only(member, field=f"{where}.event.{name}")
    for parent in parents:
        if not parent.statement_id and (parent.line or 0) >= number:
            raise MalformedInput(
                "bad_reference",
                field=f"{where}.parents",
                got=parent.text,
                wanted="an earlier line",
            )
    return EventLine(number, parse_event(event, where=f"{where}.event"), event, parents)


def _parse_line(number: int, line: bytes) -> EventLine:
    where = f"events[{number}]"
    value = parse_canonical(line, max_bytes=MAX_LINE_BYTES, doubles=True, field=where)
    return read_line(Fields(value, where=where), number)


def _verify_serials(
    event: EpcisEvent, statement: Statement, serials: Sequence[Serials]
) -> None:
    if len(statement.subjects) != 1 or event.ilmd is None:
        raise _mismatch("subjects", "the batch alone")
    (signed,), (quantity,) = serials, event.quantities
    said = (
        quantity.lot_class.gtin,
        event.ilmd.lot,
        event.ilmd.expiry_date,
        quantity.quantity,
    )
    if said != (signed.gtin, signed.lot, signed.expiry_date, signed.size):
        raise _mismatch("subjects[0].serials", "GTIN, lot, expiry and number as said")


def _mismatch(field: str, wanted: str) -> MalformedInput:
    return MalformedInput("event_mismatch", field=field, wanted=wanted)
