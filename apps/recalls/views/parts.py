"""Parts that several pages of recalls pass to their templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.utils.translation import gettext as _

from apps.edge.numbers import grouped
from apps.partners import operations as partners
from apps.partners.queries import Actor
from apps.recalls.formats import TIERS
from apps.recalls.models import Recall
from apps.recalls.queries.recalls import find_visible
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


def bar_of(tally: Tally) -> Bar:
    """The bar of a tally: every tier that has units."""
    segments, x = [], 0
    for tier, n in tally.tiers.items():
        width = round(_WHOLE * n / tally.total) if tally.total else 0
        segments.append(Segment(str(TIERS[tier]), n, _FILLS[tier], x, width))
        x += width
    said = ", ".join(f"{part.label}: {grouped(part.n)}" for part in segments if part.n)
    title = _("Where %(n)s packs are. %(said)s") % {
        "n": grouped(tally.total),
        "said": said,
    }
    return Bar(title, tally.total, [part for part in segments if part.n])


def get_visible(recall_id: str, actor: Actor) -> Recall:
    """The recall; `Http404` if it is foreign or missing."""
    recall = find_visible(recall_id=recall_id, actor=actor)
    if recall is None:
        raise Http404
    return recall


def note_read(actor: Actor, action: str, subject: str, at: datetime) -> None:
    """Log what a regulator reads."""
    partners.note_read(actor=actor, action=action, subject=subject, at=at)
