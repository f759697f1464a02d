"""What was said, statement by statement, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from apps.core.envelope import open_sealed
from apps.core.errors import IntegrityBreach
from apps.core.statement import GOODS_KINDS, parse_statement
from apps.custody.queries.lines import read_lines
from apps.ledger import queries as ledger
from apps.ledger.operations import Submission
from apps.ledger.queries import StoredStatement

# The member of an EPCIS event that takes another back, as RFC 8785 spells it.
_ERROR: Final = b"errorDeclaration"


def judged_in_order(*, skipped: int) -> Iterator[StoredStatement]:
    """Statements in the order of the log, without the first `skipped` about goods.

    A closing stands for those; some of them are erased. Those that wait come last.
    """
    for stored in ledger.iter_in_log_order():
        if skipped and stored.kind in GOODS_KINDS:
            skipped -= 1
        else:
            yield stored


def submission_of(stored: StoredStatement) -> Submission:
    """The statement as the door once got it.

    Raises:
        IntegrityBreach: `vault_missing`.
        MalformedInput: stored bytes that are no statement.
    """
    vault = stored.vault
    if vault is None:
        raise IntegrityBreach("vault_missing", field=stored.id)
    envelope = open_sealed(payload=vault.payload, signatures=vault.signatures)
    statement = parse_statement(vault.payload)
    return Submission(envelope, statement, vault.lines or None, stored.accepted_ms)


def named_by_errors(*, skipped: int = 0) -> frozenset[str]:
    """The events that some error declaration takes back, of those still judged."""
    found: set[str] = set()
    for stored in judged_in_order(skipped=skipped):
        if stored.kind not in GOODS_KINDS or not _may_declare_errors(stored):
            continue
        for line in read_lines(submission_of(stored)):
            if line.said.error:
                found.update(line.parents)
    return frozenset(found)


def _may_declare_errors(stored: StoredStatement) -> bool:
    """Whether it must be read to tell."""
    vault = stored.vault
    said = (vault.payload, vault.lines or b"") if vault else (_ERROR,)
    return any(_ERROR in each for each in said)
