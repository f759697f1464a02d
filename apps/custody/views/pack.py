"""Pack & ship, first half: loose packs into cases, cases onto pallets."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core.errors import MalformedInput
from apps.custody import queries
from apps.custody.forms import IntoForm, PackForm
from apps.custody.queries.containers import find_by_epc, place_of
from apps.custody.queries.numbers import free_ssccs
from apps.custody.queries.packing import PackPlan, plan_packing
from apps.custody.queries.shelf import StockRow, free_boxes, loose_stock
from apps.custody.views.goods import (
    MOST_BOXES,
    BoxChoice,
    box_choices,
    chosen_site,
    script_words,
)
from apps.custody.views.parts import (
    batch_url,
    container_url,
    packs,
)
from apps.edge.page_parts import SignPanel
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, member_required, signer_required
from apps.partners.models import Site

_SHOWN_CASES: Final = 100


@dataclass(frozen=True, slots=True)
class PackPage:
    """What stands loose, to be packed.

    Attributes:
        loose: lots with loose packs, each with the address of its plan.
        has_prefix: whether the organisation may number containers.
    """

    loose: list[tuple[StockRow, str]]
    sites: list[Site]
    site: str
    text: str
    into: IntoForm
    has_prefix: bool
    can_sign: bool


@dataclass(frozen=True, slots=True)
class PlanPage:
    """The plan for one lot and the signature under it."""

    product: str
    gtin: str
    lot: str
    lot_url: str
    site: Site
    loose: int
    form: PackForm
    plan: PackPlan | None
    more_cases: int
    problem: MalformedInput | None
    draft_url: str
    can_sign: bool
    sign: SignPanel


@dataclass(frozen=True, slots=True)
class IntoPage:
    """Codes into one container, a new one or one that is there."""

    sscc: str
    is_new: bool
    site: Site
    url: str
    wish: dict[str, Any]
    items_name: str
    boxes: list[BoxChoice]
    more_boxes: int
    words: str
    can_sign: bool
    sign: SignPanel


@require_safe
@member_required
def pack(request: HttpRequest) -> HttpResponse:
    """Lots with loose packs, and the way to pack scanned codes."""
    actor = actor_of(request)
    sites = partners.list_sites(gln=actor.gln)
    site = chosen_site(request, sites)
    text = request.GET.get("q", "")
    where = site.gln if site else ""
    rows = loose_stock(gln=actor.gln, site=where, text=text) if site else []
    free = free_ssccs(gln=actor.gln, count=1)
    page = PackPage(
        loose=[(row, _plan_url(row)) for row in rows],
        sites=sites,
        site=where,
        text=text,
        into=IntoForm(initial={"first": free[0] if free else ""}),
        has_prefix=bool(free),
        can_sign=actor.can_sign,
    )
    return render(request, "custody/pack_list.html", {"page": page})


def _plan_url(row: StockRow) -> str:
    return "/pack/lot?" + urlencode(
        {"gtin": row.gtin, "lot": row.lot, "site": row.site}
    )


@require_safe
@member_required
def pack_lot(request: HttpRequest) -> HttpResponse:
    """The plan for one lot; with numbers given, what will be signed."""
    actor = actor_of(request)
    site, row = _loose_lot(request)
    form = PackForm(request.GET if "size" in request.GET else None)
    plan, problem = _plan(request, form, site)
    boxes = len(plan.cases) if plan else 0
    page = PlanPage(
        product=row.product,
        gtin=row.gtin,
        lot=row.lot,
        lot_url=batch_url(row.gtin, row.lot),
        site=site,
        loose=row.loose or 0,
        form=form,
        plan=plan,
        more_cases=max(boxes - _SHOWN_CASES, 0),
        problem=problem,
        draft_url="/pack/lot/draft?" + request.GET.urlencode(),
        can_sign=actor.can_sign,
        sign=SignPanel(
            label=_("Sign and pack %(packs)s into %(n)d cases")
            % {"packs": packs(plan.packed if plan else 0), "n": boxes},
            meaning=_("events recorded by the holder"),
        ),
    )
    return render(request, "custody/pack_plan.html", {"page": page})


@require_safe
@signer_required
def pack_lot_draft(request: HttpRequest) -> JsonResponse:
    """The exact bytes to sign for a plan: one file of events."""
    site, _row = _loose_lot(request)
    form = PackForm(request.GET)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise MalformedInput(
            "bad_field", field=name, got=request.GET.get(name), wanted=str(errors[0])
        )
    plan = _planned(request, form, site)
    draft = queries.draft_events(
        wish=plan.wish(), actor=actor_of(request), at=timezone.now()
    )
    return JsonResponse(draft.as_json())


def _loose_lot(request: HttpRequest) -> tuple[Site, StockRow]:
    actor = actor_of(request)
    site = chosen_site(request, partners.list_sites(gln=actor.gln))
    gtin, lot = request.GET.get("gtin", ""), request.GET.get("lot", "")
    rows = loose_stock(gln=actor.gln, site=site.gln, text=lot) if site else []
    row = next((each for each in rows if (each.gtin, each.lot) == (gtin, lot)), None)
    if site is None or row is None:
        raise MalformedInput(
            "unknown_batch",
            field="lot",
            got=f"{gtin} lot {lot}",
            wanted="a lot with loose packs at this site",
        )
    return site, row


def _plan(
    request: HttpRequest, form: PackForm, site: Site
) -> tuple[PackPlan | None, MalformedInput | None]:
    if not form.is_bound or not form.is_valid():
        return None, None
    try:
        return _planned(request, form, site), None
    except MalformedInput as problem:
        return None, problem


def _planned(request: HttpRequest, form: PackForm, site: Site) -> PackPlan:
    return plan_packing(
        gln=actor_of(request).gln,
        site=site.gln,
        gtin=request.GET.get("gtin", ""),
        lot=request.GET.get("lot", ""),
        size=form.cleaned_data["size"],
        cases=form.cleaned_data["cases"],
        per_pallet=form.cleaned_data["per_pallet"] or 0,
        first=form.cleaned_data["first"],
    )


@require_safe
@member_required
def pack_into(request: HttpRequest) -> HttpResponse:
    """Scanned codes, or cases that stand free, into one container."""
    actor, today = actor_of(request), timezone.now().date()
    sites = partners.list_sites(gln=actor.gln)
    site = chosen_site(request, sites)
    form = IntoForm(request.GET)
    if site is None or not form.is_valid():
        raise MalformedInput(
            "bad_field",
            field="first",
            got=request.GET.get("first"),
            wanted="an SSCC of 18 digits",
        )
    sscc = form.cleaned_data["first"]
    epc = f"https://id.gs1.org/00/{sscc}"
    known = find_by_epc([epc]).get(epc)
    # Of a stranger's container nothing is told, not even that it is there.
    is_new = known is None or place_of(known).holder != actor.gln
    found = free_boxes(gln=actor.gln, site=site.gln).exclude(epc=epc)
    page = IntoPage(
        sscc=sscc,
        is_new=is_new,
        site=site,
        url=container_url(epc),
        wish=_into_wish(sscc, site, is_new=is_new),
        items_name="events.1.items" if is_new else "items",
        boxes=box_choices(found, today=today, chosen=""),
        more_boxes=max(found.count() - MOST_BOXES, 0),
        words=script_words(),
        can_sign=actor.can_sign,
        sign=SignPanel(label=_("Sign and pack"), meaning=_("packed by the holder")),
    )
    return render(request, "custody/pack_into.html", {"page": page})


def _into_wish(sscc: str, site: Site, *, is_new: bool) -> dict[str, Any]:
    put = {"step": "pack", "site": site.gln, "container": sscc}
    if not is_new:
        return {"kind": "event", **put}
    opened = {"step": "new_container", "site": site.gln, "container": sscc}
    return {"kind": "events", "events": [opened, put]}
