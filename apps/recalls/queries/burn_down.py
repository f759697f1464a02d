"""How the answers come in: a line that falls to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.ledger.formats import as_ms
from apps.partners.formats import as_datetime
from apps.recalls.queries.case import Case

_WIDTH, _HEIGHT, _EDGE = 600, 140, 8


@dataclass(frozen=True, slots=True)
class Step:
    """So many answers were still waited for from `at_ms` on."""

    at_ms: int
    waiting: int


@dataclass(frozen=True, slots=True)
class BurnDown:
    """Answers waited for over time, as points of a line in a 600 by 140 box."""

    title: str
    points: str
    due_x: int
    first: datetime
    last: datetime
    most: int


def burn_down(case: Case) -> list[Step]:
    """How many answers (one a holder and lot) were waited for, step by step."""
    waiting = {(row.partner_id, row.batch_id) for row in case.told}
    steps = [Step(case.recall.opened_ms, len(waiting))]
    for answer in sorted(case.said, key=lambda each: each.answered_ms):
        key = (answer.partner_id, answer.batch_id)
        if key in waiting:
            waiting.discard(key)
            steps.append(Step(answer.answered_ms, len(waiting)))
    return steps


def burn_down_of(
    steps: Sequence[Step], *, due_at: datetime, until: datetime
) -> BurnDown | None:
    """The line of answers waited for; None while nobody was told."""
    most = steps[0].waiting
    if not most:
        return None
    first, due = steps[0].at_ms, as_ms(due_at)
    last = max(as_ms(until), due, steps[-1].at_ms, first + 1)

    def x_of(at_ms: int) -> int:
        return _EDGE + (_WIDTH - 2 * _EDGE) * (at_ms - first) // (last - first)

    def y_of(waiting: int) -> int:
        return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * waiting // most

    points = []
    for before, step in zip([steps[0], *steps[:-1]], steps, strict=True):
        points += [(x_of(step.at_ms), y_of(before.waiting))]
        points += [(x_of(step.at_ms), y_of(step.waiting))]
    points.append((x_of(as_ms(until)), y_of(steps[-1].waiting)))
    said = _("%(waiting)d of %(most)d answers are still waited for")
    return BurnDown(
        title=said % {"waiting": steps[-1].waiting, "most": most},
        points=" ".join(f"{x},{y}" for x, y in points),
        due_x=x_of(due),
        first=as_datetime(first),
        last=as_datetime(last),
        most=most,
    )
