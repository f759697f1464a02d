"""The entries of a bundle one by one, with the one that comes next in sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..errors import ProofError, TraceError
from .lines import (
    MAX_LINE_BYTES,
    SERIALS_A_LINE,
    Closed,
    Entry,
    Opened,
    Serials,
    ShownLine,
    parse_entry,
)
from .zipread import MemberReader

ZIP_STEP: Final = 1
ENTRY_STEP: Final = 4


class Entries:
    """Reads `entries.ndjson`; a statement's own lines are taken by who judges it.

    Raises (wherever a line is read):
        ProofError: with `step` 1 for the zip, 4 for the line.
    """

    def __init__(self, member: MemberReader) -> None:
        self._lines = member.lines(most=MAX_LINE_BYTES)
        self._next: Entry | None = self._read()

    def heads(self) -> Iterator[Opened | Closed]:
        """Statements and closed leaves, in order."""
        while self._next is not None:
            entry = self._next
            if isinstance(entry, ShownLine | Serials):
                raise ProofError(
                    "entry_out_of_place",
                    step=ENTRY_STEP,
                    got=type(entry).__name__,
                    wanted="a statement ahead of it that it belongs to",
                )
            self._next = self._read()
            yield entry

    def lines(self) -> Iterator[ShownLine]:
        """The lines of the file of the statement just read."""
        while isinstance(self._next, ShownLine):
            line, self._next = self._next, self._read()
            yield line

    def serials(self) -> Iterator[str]:
        """The serials of the commissioning just read, a line at a time in memory."""
        is_full = True
        while isinstance(self._next, Serials) and is_full:
            serials, self._next = self._next.serials, self._read()
            is_full = len(serials) == SERIALS_A_LINE
            yield from serials

    def _read(self) -> Entry | None:
        try:
            line = next(self._lines, None)
        except TraceError as error:
            raise _stepped(error, ZIP_STEP) from error
        if line is None:
            return None
        try:
            return parse_entry(line)
        except TraceError as error:
            raise _stepped(error, ENTRY_STEP) from error


def _stepped(error: TraceError, step: int) -> ProofError:
    return ProofError(
        error.code, step=step, field=error.field, got=error.got, wanted=error.wanted
    )
