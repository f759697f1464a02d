"""A container: what is inside, where it stands, and what can be done with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core.errors import MalformedInput
from apps.custody.models import Container
from apps.custody.queries.boxes import Inside, inside_of
from apps.custody.queries.containers import place_of
from apps.custody.queries.sight import find_container
from apps.custody.queries.wishes import read_code
from apps.custody.queries.words import short
from apps.custody.views.parts import (
    SSCC_DIGITS,
    STATUS_WORDS,
    Condition,
    batch_url,
    container_url,
    may_send,
    note_read,
)
from apps.edge.page_parts import SignPanel
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries.names import partners_by_gln, sites_by_gln

_MOST_PACKS: Final = 100


@dataclass(frozen=True, slots=True)
class ContainerPage:
    """One container.

    Attributes:
        boxes: inner containers: code, address, packs, EPC.
        lots: address and lot of each batch inside.
        parent: code and address of the container it stands in, or None.
    """

    code: str
    condition: Condition
    holder: str
    site: str
    inside: Inside
    more_packs: int
    lots: list[tuple[str, Any]]
    boxes: list[tuple[str, str, int, str]]
    parent: tuple[str, str] | None
    ship_url: str
    into_url: str
    wish: dict[str, Any]
    may_unpack: bool
    can_sign: bool
    is_ours: bool
    sign: SignPanel


@require_safe
@member_required
def container(request: HttpRequest, code: str) -> HttpResponse:
    """The page of a container, by SSCC, case SGTIN or a scan of either."""
    actor, at = actor_of(request), timezone.now()
    row = find_container(actor=actor, epc=_epc(code, at))
    if row is None:
        raise Http404
    note_read(actor=actor, action="containers.read", subject=code, at=at)
    place, inside = place_of(row), inside_of(row, most_packs=_MOST_PACKS)
    is_here = place.holder == actor.gln and place.status == "active"
    is_free = is_here and row.parent is None and actor.can_sign and may_send(actor)
    number = short(row.epc)
    partners, sites = partners_by_gln([place.holder]), sites_by_gln([place.site])
    page = ContainerPage(
        code=number,
        condition=_condition(place.status, inside),
        holder=partners[place.holder].name
        if place.holder in partners
        else place.holder,
        site=sites[place.site].name if place.site in sites else place.site,
        inside=inside,
        more_packs=inside.loose - len(inside.packs),
        lots=[(batch_url(lot.gtin, lot.lot), lot) for lot in inside.lots],
        boxes=[
            (short(box.epc), container_url(box.epc), box.count, box.epc)
            for box in inside.boxes
        ],
        parent=_parent(row),
        ship_url="/ship?" + urlencode({"site": place.site, "q": number, "item": number})
        if is_free and inside.count
        else "",
        into_url="/pack/into?" + urlencode({"first": number, "site": place.site})
        if is_here and actor.can_sign and len(number) == SSCC_DIGITS
        else "",
        wish={
            "kind": "event",
            "step": "unpack",
            "site": place.site,
            "container": row.epc,
        },
        may_unpack=is_here and actor.can_sign and inside.count > 0,
        can_sign=actor.can_sign,
        is_ours=is_here,
        sign=SignPanel(label=_("Sign and unpack"), meaning=_("unpacked by the holder")),
    )
    return render(request, "custody/container_detail.html", {"page": page})


def _epc(code: str, at: datetime) -> str:
    text = f"https://id.gs1.org/{code}" if code.startswith("01/") else code
    if len(text) == SSCC_DIGITS and text.isdigit():
        text = f"(00){text}"
    try:
        return read_code(text, field="code", at=at).uri
    except MalformedInput as error:
        raise Http404 from error


def _parent(row: Container) -> tuple[str, str] | None:
    if row.parent is None:
        return None
    return short(row.parent.epc), container_url(row.parent.epc)


def _condition(status: str, inside: Inside) -> Condition:
    if inside.recalled:
        return Condition("stop", _("holds recalled packs"))
    if inside.held:
        return Condition("think", _("holds packs on hold"))
    if not inside.count:
        return Condition("past", _("empty"))
    state = "go" if status == "active" else "past"
    return Condition(state, str(STATUS_WORDS.get(status, status)))
