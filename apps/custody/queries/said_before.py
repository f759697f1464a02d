"""An event that a party signed, read again from the exact bytes."""

from __future__ import annotations

from typing import Final

from apps.core.canonical import parse_canonical
from apps.core.epcis import EpcisEvent, parse_event
from apps.core.errors import MalformedInput
from apps.core.statement import parse_statement
from apps.core.subjects import Reference
from apps.ledger import queries as ledger

_MOST_BYTES: Final = 4 << 20


def said_before(ref: str, *, by: str) -> EpcisEvent:
    """The event that `by` signed under `ref`.

    Raises:
        MalformedInput: `unknown_event`: there is none, or somebody else signed it.
    """
    reference = Reference.parse(ref, field="parents")
    vault = ledger.find_vault(reference.statement_id)
    statement = parse_statement(bytes(vault.payload)) if vault else None
    if vault is None or statement is None or statement.by != by:
        raise MalformedInput(
            "unknown_event", field="parents", got=ref, wanted="an event you signed"
        )
    if reference.line is None:
        return parse_event(statement.body)
    lines = bytes(vault.lines or b"").split(b"\n")
    if reference.line >= len(lines) - 1:
        raise _no_line(ref)
    line = parse_canonical(lines[reference.line], max_bytes=_MOST_BYTES, doubles=True)
    event = line["event"] if isinstance(line, dict) else None
    if not isinstance(event, dict):
        raise _no_line(ref)
    return parse_event(event)


def _no_line(ref: str) -> MalformedInput:
    return MalformedInput(
        "unknown_event", field="parents", got=ref, wanted="a line of that file"
    )
