"""Erasures against the statements that order them, and closings against both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from apps.catalog.models import Batch
from apps.core.bodies import Erasure as ErasureBody
from apps.core.bodies import parse_body
from apps.core.encoding import format_time_ms
from apps.core.errors import IntegrityBreach, TraceError
from apps.core.retention import retained_until_ms
from apps.core.statement import GOODS_KINDS, parse_statement
from apps.custody.models import Closing, ClosingPart, Commissioning
from apps.custody.queries.closed import Closed, find_closed
from apps.ledger.models import Erasure, Leaf, Vault
from apps.ledger.models import Statement as StatementRow
from pharmatrace.fsck.finding import Finding, finding_of

T = TypeVar("T")
_PAGE: Final = 500


@dataclass(slots=True)
class Erased:
    """What was erased: its lots, and the closing that stands for it."""

    closed: Closed | None = None
    tags: frozenset[bytes] = frozenset()
    kept: frozenset[str] = frozenset()  # statements that the closing has rows of
    findings: list[Finding] = field(default_factory=list)


def read_erased() -> Erased:
    """The newest closing and the tags of all that is erased; faults as findings."""
    rows = Leaf.objects.filter(statement__erasure__isnull=False)
    erased = Erased(tags=frozenset(bytes(tag) for (tag,) in rows.values_list("tag")))
    try:
        erased.closed = find_closed()
    except IntegrityBreach as error:
        erased.findings.append(finding_of(error, error.field))
        return erased
    if erased.closed is not None:
        erased.kept = frozenset(
            line["event"]["statement_id"] for line in erased.closed.events
        )
    return erased


def check_erasures() -> Iterator[Finding]:
    """Every erasure that no statement orders, or that one should not have ordered."""
    ordered: dict[int, str] = {}
    for row in StatementRow.objects.filter(kind="erasure").order_by("accept_no"):
        yield from _check_order(row, ordered)
    for erasure in Erasure.objects.select_related("statement").iterator():
        yield from _check_erasure(erasure, ordered)
    yield from _check_closings()


def _check_order(row: StatementRow, ordered: dict[int, str]) -> Iterator[Finding]:
    where, vault = f"statement {row.pk}", Vault.objects.filter(pk=row.pk).first()
    if vault is None:
        return  # told as `vault_missing`
    try:
        statement = parse_statement(bytes(vault.payload))
        body = parse_body(statement.kind, statement.body)
    except TraceError as error:
        yield finding_of(error, where)
        return
    if not isinstance(body, ErasureBody):
        return  # told as a kind that differs
    ordered.update(dict.fromkeys(body.indices, row.pk))
    closing = Closing.objects.filter(statement_id=row.pk).first()
    if closing is None:
        yield Finding("closing_missing", where)
    elif bytes(closing.digest) != body.snapshot_digest:
        got, wanted = bytes(closing.digest).hex(), body.snapshot_digest.hex()
        yield Finding("closing_differs", where, got, wanted)
    done = set(
        Erasure.objects.filter(erased_by=row.pk).values_list("statement_id", flat=True)
    )
    named = Leaf.objects.filter(index__in=body.indices)
    for index, statement_id in named.values_list("index", "statement_id"):
        if statement_id not in done:
            yield Finding(
                "erasure_missing", f"leaf {index}", wanted=f"erased by {row.pk}"
            )


def _check_erasure(erasure: Erasure, ordered: dict[int, str]) -> Iterator[Finding]:
    row = erasure.statement
    where = f"statement {row.pk}"
    leaves = list(Leaf.objects.filter(statement_id=row.pk).order_by("index"))
    for leaf in leaves:
        if ordered.get(leaf.index) != erasure.erased_by:
            got = ordered.get(leaf.index, "nobody")
            yield Finding("erasure_not_ordered", f"leaf {leaf.index}", got)
    if row.kind not in GOODS_KINDS or not leaves:
        yield Finding("not_erasable", where, row.kind, "logged statements on goods")
    if Vault.objects.filter(pk=row.pk).exists():
        yield Finding("erased_vault_kept", where)
    if Commissioning.objects.filter(statement_id=row.pk).exists():
        yield Finding("erased_seed_kept", where)
    yield from _check_periods(erasure, leaves)


def _check_periods(erasure: Erasure, leaves: list[Leaf]) -> Iterator[Finding]:
    said = StatementRow.objects.filter(pk=erasure.erased_by).first()
    tags = [bytes(leaf.tag) for leaf in leaves]
    lots = [lot for page in _pages(tags) for lot in Batch.objects.filter(tag__in=page)]
    if said is None or not lots:
        return
    until_ms = retained_until_ms(
        accepted_ms=erasure.statement.accepted_ms,
        commissioned_ms=max(lot.commissioned_ms for lot in lots),
        expiry_date=max(lot.expiry_date for lot in lots),
    )
    if said.accepted_ms < until_ms:
        yield Finding(
            "erased_too_early",
            f"statement {erasure.statement_id}",
            format_time_ms(said.accepted_ms),
            format_time_ms(until_ms),
        )


def _pages(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many as one query may name."""
    for start in range(0, len(values), _PAGE):
        yield values[start : start + _PAGE]


def _check_closings() -> Iterator[Finding]:
    numbers = list(Closing.objects.order_by("number").values_list("number", flat=True))
    if numbers != list(range(1, len(numbers) + 1)):
        yield Finding("closings_not_counted", "closings", str(numbers))
    signed = StatementRow.objects.filter(kind="erasure").values("pk")
    for closing in Closing.objects.exclude(statement_id__in=signed):
        yield Finding("closing_not_signed", f"closing {closing.number}")
    older = ClosingPart.objects.exclude(closing_id=max(numbers, default=0))
    for number in sorted(set(older.values_list("closing_id", flat=True))):
        yield Finding("older_snapshot_kept", f"closing {number}")
