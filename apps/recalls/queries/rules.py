"""Who may open, change and answer a recall, and in which chains it must stand."""

from __future__ import annotations

from collections.abc import Iterable

from apps.catalog.models import Batch, Product
from apps.core.errors import ForbiddenTransfer, LedgerConflict, MalformedInput
from apps.core.recall import Scope
from apps.core.subjects import Subject
from apps.recalls.models import Recall
from apps.recalls.queries.recalls import (
    Meant,
    is_regulator,
    units_meant,
    units_of,
)


def verify_may_recall(*, product: Product, by: str) -> None:
    """Check that `by` is the product's brand owner or a regulator.

    Raises:
        ForbiddenTransfer: `not_brand_owner`.
    """
    if product.brand_owner.gln != by and not is_regulator(by):
        raise ForbiddenTransfer(
            "not_brand_owner",
            rule="recall.open",
            field="body.gtin",
            got=product.gtin,
            wanted="the brand owner of the GTIN, or a regulator",
        )


def verify_may_change(*, recall: Recall, by: str, kind: str) -> None:
    """Check that `by` opened the recall or is a regulator, and that it is open.

    Raises:
        ForbiddenTransfer: `not_recall_opener`.
        LedgerConflict: `recall_closed`.
    """
    if recall.opened_by.gln != by and not is_regulator(by):
        raise ForbiddenTransfer(
            "not_recall_opener",
            rule=kind,
            field="body.recall",
            got=by,
            wanted="the party that opened it, or a regulator",
        )
    verify_open(recall)


def verify_open(recall: Recall) -> None:
    """Raise `LedgerConflict` `recall_closed` if the recall is over."""
    if recall.closed_ms is not None:
        raise LedgerConflict(
            "recall_closed", field="body.recall", got=recall.pk, wanted="an open recall"
        )


def subjects_of(product: Product, batches: Iterable[Batch]) -> list[Subject]:
    """The chains of a recall: the product's and those of its batches in scope."""
    tags = {bytes(product.tag), *(bytes(batch.tag) for batch in batches)}
    return [Subject(tag) for tag in sorted(tags)]


def amend_subjects(recall: Recall, scope: Scope) -> list[Subject]:
    """The chains of an amendment: batches in the new scope, and in the old one.

    A batch that leaves the scope must show it in its own chain, else the chain's
    last word on it would be the recall.
    """
    meant: list[Meant] = [
        *units_of(recall),
        *units_meant(product_id=recall.product_id, scope=scope),
    ]
    return subjects_of(recall.product, [each.batch for each in meant])


def unknown_recall(recall_id: str) -> MalformedInput:
    """The refusal of a recall that is foreign or missing."""
    return MalformedInput(
        "unknown_recall", field="body.recall", got=recall_id, wanted="a recall you see"
    )
