"""One recall: the holder's notice and the opener's console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core.recall import parse_scope
from apps.edge.lagging import may_lag
from apps.edge.page_parts import Bar
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor, Mark, marks_of
from apps.recalls import operations
from apps.recalls.formats import DEPTH_WORDS, TIERS, scope_words
from apps.recalls.models import Recall, RecallChange
from apps.recalls.queries.affected import affected
from apps.recalls.queries.burn_down import BurnDown, burn_down, burn_down_of
from apps.recalls.queries.case import Case
from apps.recalls.queries.own_lots import OwnLot, list_own_lots
from apps.recalls.queries.recalls import (
    answer_due,
    list_changes,
    may_change,
    sees_all_holders,
)
from apps.recalls.queries.report import Report, build_report
from apps.recalls.queries.shares import AffectedRow
from apps.recalls.views.bundles import BundlePart, part_of_recall
from apps.recalls.views.parts import (
    bar_of,
    get_visible,
    note_read,
)

_SHOWN_ROWS = 200


@dataclass(frozen=True, slots=True)
class Console:
    """What opener and regulator see: all holders, all units.

    Attributes:
        suspects: by GLN of the holder, why its last answers want another look.
    """

    report: Report
    bar: Bar
    burn_down: BurnDown | None
    rows: list[AffectedRow]
    more: int
    unaccounted: list[tuple[str, int]]
    suspects: dict[str, Mark]


@dataclass(frozen=True, slots=True)
class RecallPage:
    """One recall; `console` is None for a mere holder.

    Attributes:
        marks: by statement, why one that the page names wants another look.
    """

    recall: Recall
    scope: str
    depth: str
    due: datetime
    is_open: bool
    own_lots: list[OwnLot]
    changes: list[RecallChange]
    can_sign: bool
    can_change: bool
    console: Console | None
    bundle: BundlePart
    marks: dict[str, Mark]


@require_safe
@member_required
@may_lag
def recall_detail(request: HttpRequest, recall_id: str) -> HttpResponse:
    """What is recalled and why; what you have of it; where all of it is."""
    actor, at = actor_of(request), timezone.now()
    recall = get_visible(recall_id, actor)
    case = Case(recall)
    own_lots = list_own_lots(case=case, actor=actor)
    changes = list_changes(recall=recall)
    named = [recall.pk, *(change.statement_id for change in changes)]
    page = RecallPage(
        recall=recall,
        scope=scope_words(parse_scope(recall.scope)),
        depth=str(DEPTH_WORDS[recall.depth]),
        due=answer_due(recall),
        is_open=recall.closed_ms is None,
        own_lots=own_lots,
        changes=changes,
        can_sign=actor.can_sign,
        can_change=actor.can_sign and may_change(recall=recall, gln=actor.gln),
        console=_console(case, actor, at),
        bundle=part_of_recall(recall, actor, at),
        marks=marks_of(
            [*named, *(own.answer.statement_id for own in own_lots if own.answer)]
        ),
    )
    note_read(actor, "recalls.read", recall.pk, at)
    if actor.partner is not None:
        operations.mark_read(recall=recall, partner=actor.partner, at=at)
    return render(request, "recalls/recall_detail.html", {"page": page})


def _console(case: Case, actor: Actor, at: datetime) -> Console | None:
    if not sees_all_holders(recall=case.recall, actor=actor):
        return None
    rows = affected(case)
    report = build_report(case=case, rows=rows, at=at)
    missing = {
        str(TIERS[tier]): report.tally.tiers[tier] for tier in ("in_transit", "missing")
    }
    return Console(
        report=report,
        bar=bar_of(report.tally),
        burn_down=burn_down_of(burn_down(case), due_at=report.due_at, until=at),
        rows=rows[:_SHOWN_ROWS],
        more=max(len(rows) - _SHOWN_ROWS, 0),
        unaccounted=list(missing.items()),
        suspects=_suspects(case),
    )


def _suspects(case: Case) -> dict[str, Mark]:
    """A mark of each holder whose last answer to one of the lots has one."""
    marks = marks_of(answer.statement_id for answer in case.answers.values())
    return {
        gln: mark
        for (gln, _), answer in case.answers.items()
        if (mark := marks.get(answer.statement_id))
    }
