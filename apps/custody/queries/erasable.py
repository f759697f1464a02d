"""Which statements about goods may be erased, and why the others may not yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from apps.catalog import queries as catalog
from apps.catalog.models import Batch
from apps.core.custody.state import IN_TRANSIT
from apps.core.encoding import format_time_ms
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.retention import TRANSACTION_YEARS, retained_until_ms
from apps.core.statement import GOODS_KINDS
from apps.core.subjects import MAX_SUBJECTS
from apps.custody.formats import to_set
from apps.custody.models import Holding, RecallScope
from apps.ledger import queries as ledger
from apps.ledger.models import Statement as StatementRow
from apps.ledger.queries import StoredLeaf

RULE: Final = "erasure"
MOST_LEAVES: Final = MAX_SUBJECTS
_YEAR_MS: Final = 365 * 24 * 60 * 60 * 1000
_PAGE: Final = 500  # rows


@dataclass(frozen=True, slots=True)
class Meant:
    """A statement with its leaves, in their order."""

    row: StatementRow
    leaves: Sequence[StoredLeaf]


def list_erasable(*, at_ms: int) -> list[Meant]:
    """Statements past every period, oldest first, as many as one erasure may name."""
    rows = ledger.iter_whole_goods(until_ms=at_ms - TRANSACTION_YEARS * _YEAR_MS)
    found: list[Meant] = []
    room = MOST_LEAVES
    judge = ErasureJudge(at_ms=at_ms)
    for meant in _meant(rows):
        try:
            judge.verify(meant)
        except (ForbiddenTransfer, MalformedInput):
            continue
        room -= len(meant.leaves)
        if room < 0:
            break
        found.append(meant)
    return found


def meant_by(indices: Sequence[int]) -> list[Meant]:
    """The statements that these leaves are of, each with all its leaves.

    Raises:
        MalformedInput: `unknown_leaf`; `not_erasable`: a leaf of no statement;
            `statement_in_part`: not all leaves of a statement are named.
        LedgerConflict: `statement_erased`.
    """
    rows = ledger.statements_at(indices)
    named: dict[str, set[int]] = {}
    for index in indices:
        if index not in rows:
            raise _refuse("unknown_leaf", index, "a leaf of the log")
        owner = rows[index]
        if owner is None:
            raise _refuse("not_erasable", index, "a leaf of a statement on goods")
        named.setdefault(owner, set()).add(index)
    erased = ledger.first_erased(named)
    if erased:
        raise LedgerConflict("statement_erased", field="body.indices", got=erased)
    found = list(_meant(ledger.list_statements(named)))
    for meant in found:
        missing = {leaf.index for leaf in meant.leaves} - named[meant.row.pk]
        if missing:
            raise _refuse(
                "statement_in_part",
                min(named[meant.row.pk]),
                f"leaf {min(missing)} of the same statement too",
            )
    return found


class ErasureJudge:
    """Judges statements for one erasure; what it read of a lot it keeps."""

    def __init__(self, *, at_ms: int) -> None:
        self._at_ms = at_ms
        self._lots: dict[bytes, Batch | None] = {}
        self._resting: dict[int, ForbiddenTransfer | None] = {}

    def verify_all(self, meant: Iterable[Meant]) -> None:
        """Check every statement; raises as `verify`."""
        for each in meant:
            self.verify(each)

    def verify(self, meant: Meant) -> None:
        """Check that a statement may be erased at the judge's moment.

        1. It is of goods and has its leaves.
        2. Every subject is a lot: what was said of an empty container stays.
        3. The periods of the law are over for it and for every lot.
        4. None of the lots is under way or in an open recall.

        Raises:
            MalformedInput: `not_erasable`.
            ForbiddenTransfer: `retention_period`, `units_in_transit`, `recall_open`.
        Source: `core.retention`.
        """
        # 1.
        if meant.row.kind not in GOODS_KINDS or not meant.leaves:
            raise _refuse("not_erasable", meant.row.kind, "a logged statement on goods")
        # 2.
        touched = [self._lot(leaf.tag) for leaf in meant.leaves]
        lots = [lot for lot in touched if lot is not None]
        if len(lots) != len(touched):
            raise _refuse("not_erasable", "an empty container", "statements about lots")
        # 3.
        self._verify_periods(meant, lots)
        # 4.
        for lot in lots:
            self._verify_resting(lot)

    def _lot(self, tag: bytes) -> Batch | None:
        if tag not in self._lots:
            self._lots[tag] = catalog.find_batch_by_tag(tag)
        return self._lots[tag]

    def _verify_periods(self, meant: Meant, lots: Sequence[Batch]) -> None:
        until_ms = retained_until_ms(
            accepted_ms=meant.row.accepted_ms,
            commissioned_ms=max(lot.commissioned_ms for lot in lots),
            expiry_date=max(lot.expiry_date for lot in lots),
        )
        if self._at_ms < until_ms:
            raise ForbiddenTransfer(
                "retention_period",
                rule=RULE,
                field="body.indices",
                got=f"leaf {meant.leaves[0].index} at {format_time_ms(self._at_ms)}",
                wanted=f"not before {format_time_ms(until_ms)}",
            )

    def _verify_resting(self, lot: Batch) -> None:
        if lot.pk not in self._resting:
            self._resting[lot.pk] = _why_not_resting(lot)
        refusal = self._resting[lot.pk]
        if refusal is not None:
            raise refusal


def _why_not_resting(lot: Batch) -> ForbiddenTransfer | None:
    under_way = Holding.objects.filter(batch=lot, status=IN_TRANSIT, count__gt=0)
    if under_way.exists():
        return ForbiddenTransfer(
            "units_in_transit",
            rule=RULE,
            got=f"lot {lot.lot}",
            wanted="its despatches received, withdrawn or written off",
        )
    scopes = RecallScope.objects.filter(batch=lot)
    if any(scope.is_whole or to_set(scope.units) for scope in scopes):
        return ForbiddenTransfer(
            "recall_open", rule=RULE, got=f"lot {lot.lot}", wanted="no open recall"
        )
    return None


def _meant(rows: Iterable[StatementRow]) -> Iterable[Meant]:
    page: list[StatementRow] = []
    for row in rows:
        page.append(row)
        if len(page) == _PAGE:
            yield from _with_leaves(page)
            page = []
    yield from _with_leaves(page)


def _with_leaves(page: Sequence[StatementRow]) -> Iterable[Meant]:
    leaves = ledger.leaves_among([row.pk for row in page])
    for row in page:
        yield Meant(row, leaves.get(row.pk, []))


def _refuse(code: str, got: object, wanted: str) -> MalformedInput:
    return MalformedInput(code, field="body.indices", got=got, wanted=wanted)
