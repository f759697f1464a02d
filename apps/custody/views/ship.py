"""Pack & ship, second half: what goes, to whom, under which papers."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.custody.queries.shelf import free_boxes
from apps.custody.views.goods import (
    MOST_BOXES,
    Addressee,
    BoxChoice,
    LooseChoice,
    addressees,
    box_choices,
    chosen_site,
    loose_choices,
    script_words,
)
from apps.edge.page_parts import SignPanel
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, member_required
from apps.partners.models import Site


@dataclass(frozen=True, slots=True)
class ShipPage:
    """A despatch to be put together.

    Attributes:
        label: the button's sentence with %what and %to, filled in by the script.
    """

    sites: list[Site]
    site: str
    text: str
    boxes: list[BoxChoice]
    more_boxes: int
    loose: list[LooseChoice]
    addressees: list[Addressee]
    wish: dict[str, Any]
    words: str
    label: str
    can_sign: bool
    sign: SignPanel

    @property
    def is_empty(self) -> bool:
        """Nothing stands here that could go."""
        return not (self.boxes or self.loose)


@require_safe
@member_required
def ship(request: HttpRequest) -> HttpResponse:
    """Choose goods at a site, an addressee and papers; then one signature."""
    actor, at = actor_of(request), timezone.now()
    sites = partners.list_sites(gln=actor.gln)
    site = chosen_site(request, sites)
    where, text = site.gln if site else "", request.GET.get("q", "")
    found = free_boxes(gln=actor.gln, site=where, text=text)
    page = ShipPage(
        sites=sites,
        site=where,
        text=text,
        boxes=box_choices(found, today=at.date(), chosen=request.GET.get("item", "")),
        more_boxes=max(found.count() - MOST_BOXES, 0),
        loose=loose_choices(gln=actor.gln, site=where, text=text, today=at.date()),
        addressees=addressees(gln=actor.gln, at=at),
        wish={"kind": "event", "step": "ship", "site": where},
        words=script_words(),
        label=_("Sign and ship %what to %to"),
        can_sign=actor.can_sign,
        sign=SignPanel(label=_("Sign and ship"), meaning=_("despatched by the holder")),
    )
    return render(request, "custody/ship_new.html", {"page": page})
