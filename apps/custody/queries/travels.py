"""What became of despatches: how much came, went back, was lost; step by step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, Sum

from apps.custody.models import Discrepancy, Event, EventLine

_RECEIVED: Final = ("receiving", "receiving a return")
_SETTLING: Final = (*_RECEIVED, "voiding", "ending")


@dataclass(frozen=True, slots=True)
class Progress:
    """Packs of a despatch by what became of them."""

    received: int = 0
    withdrawn: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One signed step of a despatch or of a batch.

    Attributes:
        disposition: how serials ended, e.g. "stolen".
        accepted_ms: milliseconds since 1970, UTC.
        count: packs that it moved; None where that is not the reader's business.
    """

    statement_id: str
    rule: str
    biz_step: str
    disposition: str
    by: str
    counterparty: str
    accepted_ms: int
    is_inferred: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A typed discrepancy: what a receipt found other than announced."""

    kind: str
    gtin: str
    product: str
    lot: str
    count: int
    is_settled: bool
    accepted_ms: int


def progress_of(refs: Iterable[str]) -> dict[str, Progress]:
    """What became of each despatch, by reference, in one query."""
    rows = (
        EventLine.objects.filter(
            event__parent_ref__in=list(refs),
            event__rule__in=_SETTLING,
            event__is_corrected=False,
        )
        .values_list("event__parent_ref", "event__rule")
        .annotate(total=Sum("count"))
    )
    totals: dict[str, dict[str, int]] = {}
    for ref, rule, total in rows:
        totals.setdefault(ref, {})[rule] = total
    return {ref: _progress(by_rule) for ref, by_rule in totals.items()}


def _progress(by_rule: dict[str, int]) -> Progress:
    return Progress(
        received=sum(by_rule.get(rule, 0) for rule in _RECEIVED),
        withdrawn=by_rule.get("voiding", 0),
        lost=by_rule.get("ending", 0),
    )


def steps_of(*, ref: str) -> list[Step]:
    """The despatch and every step that settled a part of it, the first one first."""
    settled = Q(parent_ref=ref, rule__in=_SETTLING)
    rows = Event.objects.filter(Q(ref=ref) | settled).order_by("pk")
    return [
        Step(
            statement_id=event.statement_id,
            rule=event.rule,
            biz_step=event.biz_step,
            disposition=event.disposition,
            by=event.by,
            counterparty=event.counterparty,
            accepted_ms=event.accepted_ms,
            count=event.total or 0,
            is_inferred=event.is_inferred,
        )
        for event in rows.annotate(total=Sum("lines__count"))
    ]


def gaps_of(*, ref: str) -> list[Gap]:
    """Discrepancies of a despatch, those still open first, the latest receipt first."""
    rows = Discrepancy.objects.filter(shipment__event__ref=ref)
    rows = rows.select_related("batch__product").order_by("is_settled", "-pk")
    receipts = {row.receipt_ref for row in rows}
    at = dict(Event.objects.filter(ref__in=receipts).values_list("ref", "accepted_ms"))
    return [
        Gap(
            kind=row.kind,
            gtin=row.batch.product.gtin,
            product=str(row.batch.product),
            lot=row.batch.lot,
            count=row.count,
            is_settled=row.is_settled,
            accepted_ms=at.get(row.receipt_ref, 0),
        )
        for row in rows
    ]
