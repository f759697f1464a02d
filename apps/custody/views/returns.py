"""Returns: under way to us, waiting for inspection, and sending packs back."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core.custody import RETURNED
from apps.core.epcis import PackEpc
from apps.custody.models import Shipment
from apps.custody.queries.plans import RELEASES
from apps.custody.queries.shelf import HeldPack, held_packs
from apps.custody.queries.shipments import despatches
from apps.custody.queries.travels import progress_of
from apps.custody.views.goods import chosen_site, script_words
from apps.custody.views.parts import (
    batch_url,
)
from apps.custody.views.rows import DespatchRow, despatch_row
from apps.edge.page_parts import SignPanel
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, member_required
from apps.partners.models import Site
from apps.partners.queries.names import partners_by_gln

_MOST_HELD: Final = 500
_MOST_SENT: Final = 20


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A pack that waits for its inspection; `code` goes into the wish."""

    pack: HeldPack
    code: str
    url: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """Packs at one site, on hold for one reason, that wait for a decision."""

    site: str
    caption: str
    rows: list[HeldRow]
    wish: dict[str, Any]
    sign: SignPanel


@dataclass(frozen=True, slots=True)
class ReturnsPage:
    """Everything about goods that go back."""

    incoming: list[DespatchRow]
    inspections: list[Inspection]
    is_cut: bool
    sent: list[DespatchRow]
    sites: list[Site]
    site: str
    code: str
    wish: dict[str, Any]
    words: str
    label: str
    can_sign: bool
    sign: SignPanel

    @property
    def opens_form(self) -> bool:
        """The form that sends packs back stands open where nothing else waits."""
        return bool(self.code) or not (self.incoming or self.inspections)


@require_safe
@member_required
def returns(request: HttpRequest) -> HttpResponse:
    """Receive, inspect and release; or send scanned packs back."""
    actor = actor_of(request)
    sites = partners.list_sites(gln=actor.gln)
    site = chosen_site(request, sites)
    where = site.gln if site else ""
    held = held_packs(gln=actor.gln, most=_MOST_HELD)
    page = ReturnsPage(
        incoming=_rows(addressee=actor.gln, is_open=True),
        inspections=_inspections(held),
        is_cut=len(held) >= _MOST_HELD,
        sent=_rows(sender=actor.gln),
        sites=sites,
        site=where,
        code=request.GET.get("code", ""),
        wish={"kind": "event", "step": "return_ship", "site": where},
        words=script_words(),
        label=_("Sign and send %what back"),
        can_sign=actor.can_sign,
        sign=SignPanel(
            label=_("Sign and send back"), meaning=_("despatched by the holder")
        ),
    )
    return render(request, "custody/return_list.html", {"page": page})


def _rows(**filters: Any) -> list[DespatchRow]:
    rows = Shipment.objects.filter(purpose="return", **filters).order_by("-event_id")
    found = despatches(rows[:_MOST_SENT])
    names = partners_by_gln(gln for row in found for gln in (row.sender, row.addressee))
    progress = progress_of(row.ref for row in found)
    return [despatch_row(row, progress, names) for row in found]


def _inspections(held: list[HeldPack]) -> list[Inspection]:
    ordered = sorted(held, key=lambda pack: (*_place(pack), pack.lot, pack.serial))
    return [
        _inspection(site, reason, list(group))
        for (site, reason), group in groupby(ordered, key=_place)
    ]


def _place(pack: HeldPack) -> tuple[str, str]:
    return pack.site, pack.reason


def _inspection(site: str, reason: str, packs: list[HeldPack]) -> Inspection:
    wish = {"kind": "event", "site": site, "reason": RELEASES[reason]}
    is_return = reason == RETURNED
    return Inspection(
        site=site,
        caption=_("Packs that came back") if is_return else _("Packs on hold"),
        rows=[_held_row(pack) for pack in packs],
        wish={name: value for name, value in wish.items() if value},
        sign=SignPanel(
            label=_("Sign the inspection"),
            meaning=_("inspected and released")
            if is_return
            else _("released from hold"),
        ),
    )


def _held_row(pack: HeldPack) -> HeldRow:
    return HeldRow(
        pack=pack,
        code=PackEpc(pack.gtin, pack.serial).uri,
        url=batch_url(pack.gtin, pack.lot),
    )
