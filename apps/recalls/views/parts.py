"""Parts that several pages of recalls pass to their templates."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404
from django.utils.translation import gettext as _

from apps.edge.numbers import grouped
from apps.edge.page_parts import Bar
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


def bar_of(tally: Tally) -> Bar:
    """The bar of a tally: every tier that has units."""
    held = [(str(TIERS[tier]), n, _FILLS[tier]) for tier, n in tally.tiers.items() if n]
    title = _("Where %(n)s packs are. %(said)s") % {
        "n": grouped(tally.total),
        "said": ", ".join(f"{label}: {grouped(n)}" for label, n, _fill in held),
    }
    return Bar.of(title, held)


def get_visible(recall_id: str, actor: Actor) -> Recall:
    """The recall; `Http404` if it is foreign or missing."""
    recall = find_visible(recall_id=recall_id, actor=actor)
    if recall is None:
        raise Http404
    return recall


def note_read(actor: Actor, action: str, subject: str, at: datetime) -> None:
    """Log what a regulator reads."""
    partners.note_read(actor=actor, action=action, subject=subject, at=at)
