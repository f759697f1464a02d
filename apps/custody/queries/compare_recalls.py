"""Compare the rows that block recalled units with the replayed recalls."""

from __future__ import annotations

from collections.abc import Iterator

from pyroaring import BitMap

from apps.core.custody import OpenRecall
from apps.core.errors import TraceError
from apps.core.recall import parse_scope
from apps.custody.formats import to_set, whole
from apps.custody.models import RecallRule, RecallScope
from apps.custody.queries.replay import Replay


def compare_recalls(replay: Replay) -> Iterator[str]:
    """Where the rule or the units of an open recall differ."""
    open_recalls = replay.state.recalls
    rules = {r.recall_id: r for r in RecallRule.objects.select_related("product")}
    for recall_id in sorted(set(rules) | set(open_recalls)):
        name = f"recall {recall_id[:16]}"
        rule, recall = rules.get(recall_id), open_recalls.get(recall_id)
        if rule is None or recall is None:
            yield f"{name}: in one of ledger and tables only"
            continue
        try:
            yield from _compare_rule(replay, rule, recall, name)
        except TraceError as error:
            yield f"{name}: {error.sentence()}"
    strange = RecallScope.objects.exclude(recall_id__in=open_recalls)
    for recall_id in sorted(set(strange.values_list("recall_id", flat=True))):
        yield f"recall {recall_id[:16]}: units of no open recall"


def _compare_rule(
    replay: Replay, rule: RecallRule, recall: OpenRecall[BitMap], name: str
) -> Iterator[str]:
    scope = parse_scope(rule.scope) if isinstance(rule.scope, dict) else None
    if (rule.product.gtin, scope) != replay.scopes[recall.ref]:
        yield f"{name}: scope differs"
    if (rule.opened_by, rule.return_to) != (recall.opened_by, recall.return_to):
        yield f"{name}: opener or address of returns differs"
    rows = RecallScope.objects.filter(recall_id=rule.recall_id).select_related("batch")
    found = {
        bytes(row.batch.tag).hex(): whole(row.batch.size)
        if row.is_whole
        else to_set(row.units)
        for row in rows
    }
    wanted = {tag: units for tag, units in recall.units.items() if units}
    if {tag: units for tag, units in found.items() if units} != wanted:
        yield f"{name}: units differ"
