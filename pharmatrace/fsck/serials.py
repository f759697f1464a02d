"""The serials of each commissioning against the root that its maker signed.

Only what was signed is met here: staged serials stand in tables of their own, no
statement speaks of them, and until the signature they may be replaced.
"""

from __future__ import annotations

from collections.abc import Iterator

from apps.core.errors import TraceError
from apps.core.merkle import RootBuilder
from apps.core.serials import serial_leaves
from apps.core.statement import Statement
from apps.core.subjects import Serials, Subject
from apps.custody.models import Commissioning
from apps.custody.queries import commissionings as custody
from pharmatrace.fsck.finding import Finding, finding_of


class SerialChecker:
    """Fed with the statements, it hashes the serials of each commissioning again.

    Memory is some rows of serials, and an id and a number a commissioning.
    """

    def __init__(self) -> None:
        self._signed: set[str] = set()
        self._rows: dict[bytes, int] = {}  # rows of serials that a batch should have
        self._skipped: frozenset[bytes] = frozenset()

    def skip(self, tags: frozenset[bytes]) -> None:
        """Lots of which a commissioning is erased: nobody says how their rows began.

        That none of their serials is missing, the replay of the law finds.
        """
        self._skipped = tags

    def check(self, statement: Statement, statement_id: str) -> Iterator[Finding]:
        """Findings where serials, seed or row are not what the statement signs."""
        for subject in statement.subjects:
            if subject.serials is not None:
                self._signed.add(statement_id)
                yield from self._check(subject, subject.serials, statement_id)

    def check_rest(self) -> Iterator[Finding]:
        """After the last statement: what is kept although nobody signed it."""
        for statement_id in custody.iter_commissionings():
            if statement_id not in self._signed:
                yield Finding("unknown_commissioning", f"statement {statement_id}")
        found = custody.count_chunk_rows()
        for tag in sorted((found.keys() | self._rows.keys()) - self._skipped):
            got, wanted = found.get(tag, 0), self._rows.get(tag, 0)
            if got != wanted:
                where = f"batch {tag.hex()}"
                yield Finding("serial_rows_differ", where, str(got), str(wanted))

    def _check(
        self, subject: Subject, signed: Serials, statement_id: str
    ) -> Iterator[Finding]:
        where = f"batch {signed.gtin} lot {signed.lot}, statement {statement_id}"
        rows = custody.chunk_rows(base=signed.base, size=signed.size)
        self._rows[subject.tag] = self._rows.get(subject.tag, 0) + rows
        kept = custody.find_commissioning(statement_id)
        if kept is None:
            yield Finding("seed_missing", where)
            return
        yield from _check_row(kept, subject, signed, where)
        try:
            yield from _check_root(bytes(kept.seed), subject.tag, signed, where)
        except TraceError as error:
            yield finding_of(error, where)


def _check_row(
    kept: Commissioning, subject: Subject, signed: Serials, where: str
) -> Iterator[Finding]:
    for fact, got, wanted in (
        ("batch", bytes(kept.batch.tag).hex(), subject.tag.hex()),
        ("base", str(kept.base), str(signed.base)),
        ("size", str(kept.size), str(signed.size)),
        ("root", bytes(kept.root).hex(), signed.root.hex()),
    ):
        if got != wanted:
            yield Finding(f"commissioning_{fact}_differs", where, got, wanted)


def _check_root(
    seed: bytes, tag: bytes, signed: Serials, where: str
) -> Iterator[Finding]:
    """Compare in one pass; a seed or serial of another form raises `TraceError`."""
    serials = custody.iter_serials(tag=tag, base=signed.base, size=signed.size)
    builder = RootBuilder()
    builder.extend(
        serial_leaves(seed=seed, gtin=signed.gtin, base=signed.base, serials=serials)
    )
    if builder.size != signed.size:
        got, wanted = str(builder.size), str(signed.size)
        yield Finding("serials_missing", where, got, wanted)
    elif builder.root() != signed.root:
        got, wanted = builder.root().hex(), signed.root.hex()
        yield Finding("serial_root_differs", where, got, wanted)
