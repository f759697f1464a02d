"""What comes through the machine door, read into a submission."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from apps.core.envelope import STATEMENT_TYPE, parse_envelope
from apps.core.errors import MalformedInput, TraceError
from apps.core.statement import parse_statement
from apps.ledger.operations import Submission

MAX_BATCH = 1_000


def read_submission(
    *, envelope: bytes, lines: bytes | None, at: datetime, origin: str
) -> Submission:
    """The envelope's statement, parsed; nothing is verified yet.

    Raises:
        MalformedInput: no DSSE envelope, another payload type, no statement, or a
            statement for another ledger than `origin`.
    """
    parsed = parse_envelope(envelope)
    if parsed.payload_type != STATEMENT_TYPE:
        raise MalformedInput(
            "wrong_payload_type",
            field="payloadType",
            got=parsed.payload_type,
            wanted=STATEMENT_TYPE,
        )
    statement = parse_statement(parsed.payload)
    if statement.ledger != origin:
        raise MalformedInput(
            "wrong_ledger", field="ledger", got=statement.ledger, wanted=origin
        )
    if (lines is not None) != (statement.kind == "events"):
        raise MalformedInput(
            "wrong_parts",
            field="events",
            got="no such part" if lines is None else f"kind {statement.kind}",
            wanted="the part `events` with kind events, and with no other kind",
        )
    return Submission(
        envelope=parsed,
        statement=statement,
        lines=lines,
        at_ms=int(at.timestamp() * 1000),
    )


def split_envelopes(body: bytes) -> Iterator[bytes]:
    """The envelopes of an NDJSON body, one a line; the last line may lack its end.

    Raises:
        MalformedInput: no line at all, an empty one, or more than `MAX_BATCH`.
    """
    lines = body.removesuffix(b"\n").split(b"\n")
    if len(lines) > MAX_BATCH:
        raise MalformedInput(
            "too_many", field="body", got=len(lines), wanted=f"at most {MAX_BATCH}"
        )
    for number, line in enumerate(lines):
        if not line.strip():
            raise MalformedInput(
                "empty_line",
                field=str(number),
                got="nothing",
                wanted="an envelope on every line",
            )
        yield line.removesuffix(b"\r")


@contextmanager
def numbered(position: int) -> Iterator[None]:
    """Let errors of the block say which of several statements they speak of."""
    try:
        yield
    except TraceError as error:
        error.locate(f"{position}.{error.field}".removesuffix("."))
        raise
