"""Parts that several pages of recalls pass to their templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.utils.translation import gettext as _

from apps.ledger.formats import as_ms
from apps.partners import operations as partners
from apps.partners.formats import as_datetime
from apps.partners.queries import Actor
from apps.recalls.formats import TIERS
from apps.recalls.models import Recall
from apps.recalls.queries.recalls import find_visible
from apps.recalls.queries.report import Step
from apps.recalls.queries.shares import Tally

_FILLS = {
    "maker": 1,
    "in_transit": 2,
    "wholesaler": 3,
    "pharmacy": 4,
    "supplied": 5,
    "ended": 5,
    "missing": 6,
}
_WHOLE = 1000  # thousandths of the bar
_WIDTH, _HEIGHT, _EDGE = 600, 140, 8


@dataclass(frozen=True, slots=True)
class SignPanel:
    """What stands on the signing button, and what the signature means."""

    label: str
    meaning: str
    review: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of the bar; x and width in thousandths."""

    label: str
    n: int
    fill: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Where units are, as a bar with a legend."""

    title: str
    total: int
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class BurnDown:
    """Answers waited for over time, as points of a line in a 600 by 140 box."""

    title: str
    points: str
    due_x: int
    first: datetime
    last: datetime
    most: int


def bar_of(tally: Tally) -> Bar:
    """The bar of a tally: every tier that has units."""
    segments, x = [], 0
    for tier, n in tally.tiers.items():
        width = round(_WHOLE * n / tally.total) if tally.total else 0
        segments.append(Segment(str(TIERS[tier]), n, _FILLS[tier], x, width))
        x += width
    said = ", ".join(f"{part.label}: {part.n:,}" for part in segments if part.n)
    title = _("Where %(n)s packs are. %(said)s") % {
        "n": f"{tally.total:,}",
        "said": said,
    }
    return Bar(title, tally.total, [part for part in segments if part.n])


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


def get_visible(recall_id: str, actor: Actor) -> Recall:
    """The recall; `Http404` if it is foreign or missing."""
    recall = find_visible(recall_id=recall_id, actor=actor)
    if recall is None:
        raise Http404
    return recall


def note_read(actor: Actor, action: str, subject: str, at: datetime) -> None:
    """Log what a regulator reads."""
    if actor.is_regulator:
        partners.record_read(actor=actor, action=action, subject=subject, at=at)
