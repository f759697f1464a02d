"""Open, change and close the scope of a recall: the block is immediate.

Law and verdict read these rows, so a unit is recalled from the moment the statement
is accepted; a job tells the holders afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection
from pyroaring import BitMap

from apps.catalog.models import Batch
from apps.core.canonical import JsonValue
from apps.core.recall import parse_scope
from apps.custody.formats import to_bytes
from apps.custody.models import RecallRule, RecallScope
from apps.custody.queries.scopes import batches_in_scope, units_in_scope


def open_scope(
    *,
    recall_id: str,
    product_id: int,
    opened_by: str,
    return_to: str,
    scope: Mapping[str, JsonValue],
) -> list[Batch]:
    """Block every existing unit in scope, and lots of it that come later.

    Returns:
        The batches covered, by row; the caller compares them with the subjects
        that were signed.

    Raises:
        MalformedInput: the scope cannot be read.
    """
    lock_batches(product_id=product_id)
    RecallRule.objects.create(
        recall_id=recall_id,
        product_id=product_id,
        opened_by=opened_by,
        return_to=return_to,
        scope=dict(scope),
    )
    return _cover(recall_id, product_id, scope)


def change_scope(*, recall_id: str, scope: Mapping[str, JsonValue]) -> list[Batch]:
    """The recall covers another scope from now on; other recalls stay as they are."""
    rule = RecallRule.objects.get(recall_id=recall_id)
    lock_batches(product_id=rule.product_id)
    RecallRule.objects.filter(pk=rule.pk).update(scope=dict(scope))
    RecallScope.objects.filter(recall_id=recall_id).delete()
    return _cover(recall_id, rule.product_id, scope)


def close_scope(*, recall_id: str) -> None:
    """The recall blocks nothing any more."""
    rule = RecallRule.objects.filter(recall_id=recall_id).first()
    if rule is not None:
        lock_batches(product_id=rule.product_id)
    RecallScope.objects.filter(recall_id=recall_id).delete()
    RecallRule.objects.filter(recall_id=recall_id).delete()


def lock_batches(*, product_id: int) -> None:
    """Hold the product and its batches against every event that names one of them."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM catalog_product WHERE id = %s FOR UPDATE", [product_id]
        )
        cursor.execute(
            "SELECT 1 FROM catalog_batch WHERE product_id = %s ORDER BY id FOR UPDATE",
            [product_id],
        )


def _cover(
    recall_id: str, product_id: int, scope: Mapping[str, JsonValue]
) -> list[Batch]:
    parsed = parse_scope(scope)
    batches = batches_in_scope(product_id=product_id, scope=parsed)
    RecallScope.objects.bulk_create(
        [
            RecallScope(
                recall_id=recall_id,
                batch=batch,
                is_whole=not parsed.names_serials,
                units=to_bytes(units_in_scope(batch_id=batch.pk, scope=parsed))
                if parsed.names_serials
                else b"",
            )
            for batch in batches
        ]
    )
    return batches


def store_scopes(scopes: Mapping[str, Mapping[int, BitMap]]) -> None:
    """Write what open recalls cover, by recall and batch row, as a replay found it."""
    for recall_id, covered_units in scopes.items():
        rule = RecallRule.objects.get(recall_id=recall_id)
        is_whole = not parse_scope(rule.scope).names_serials
        RecallScope.objects.bulk_create(
            RecallScope(
                recall_id=recall_id,
                batch_id=batch_id,
                is_whole=is_whole,
                units=b"" if is_whole else to_bytes(units),
            )
            for batch_id, units in sorted(covered_units.items())
            if units
        )


def covered(batches: Iterable[Batch]) -> list[bytes]:
    """The tags of batches, ascending, as subjects name them."""
    return sorted(bytes(batch.tag) for batch in batches)
