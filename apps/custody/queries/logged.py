"""What was said, statement by statement, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Min

from apps.core.envelope import parse_envelope
from apps.core.errors import IntegrityBreach
from apps.core.statement import GOODS_KINDS, parse_statement
from apps.custody.queries.lines import read_lines
from apps.ledger import queries as ledger
from apps.ledger.models import Statement as StatementRow
from apps.ledger.operations import Submission


def in_log_order() -> Iterator[StatementRow]:
    """Statements by the index of their first leaf, those that wait behind."""
    rows = StatementRow.objects.annotate(index=Min("leaves__index"))
    yield from rows.order_by("index", "accept_no").filter(index__isnull=False)
    yield from rows.filter(index__isnull=True).order_by("accept_no")


def judged_in_order(*, skipped: int) -> Iterator[StatementRow]:
    """As `in_log_order`, without the first `skipped` statements about goods.

    A closing stands for those; some of them are erased.
    """
    for row in in_log_order():
        if skipped and row.kind in GOODS_KINDS:
            skipped -= 1
        else:
            yield row


def submission_of(row: StatementRow) -> Submission:
    """The statement as the door once got it.

    Raises:
        IntegrityBreach: `vault_missing`.
        MalformedInput: stored bytes that are no statement.
    """
    vault = ledger.find_vault(row.id)
    if vault is None:
        raise IntegrityBreach("vault_missing", field=row.id)
    envelope = parse_envelope(ledger.get_envelope(row.id))
    lines = bytes(vault.lines) if vault.lines else None
    statement = parse_statement(envelope.payload)
    return Submission(envelope, statement, lines, row.accepted_ms)


def named_by_errors(*, skipped: int = 0) -> frozenset[str]:
    """The events that some error declaration takes back, of those still judged."""
    found: set[str] = set()
    for row in judged_in_order(skipped=skipped):
        if row.kind not in GOODS_KINDS:
            continue
        for line in read_lines(submission_of(row)):
            if line.said.error:
                found.update(line.parents)
    return frozenset(found)
