"""Despatches: the list, and one of them as both sides see it."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.custody.queries.shipments import (
    Despatch,
    ListedItem,
    despatches,
    open_items,
)
from apps.custody.queries.sight import shipments_visible_to
from apps.custody.queries.travels import Gap, gaps_of, progress_of, steps_of
from apps.custody.queries.words import short
from apps.custody.views.links import Link, links_of
from apps.custody.views.parts import (
    chosen,
    container_url,
    note_read,
)
from apps.custody.views.rows import DespatchRow, despatch_row
from apps.edge.lagging import may_lag
from apps.edge.page_parts import Pager, SignPanel, pager
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor
from apps.partners.queries.names import partners_by_gln, sites_by_gln

PAGE_SIZE: Final = 50
MOST_ITEMS: Final = 200
_DIRECTIONS: Final[dict[str, str | Promise]] = {
    "out": gettext_lazy("Sent by us"),
    "in": gettext_lazy("Sent to us"),
}
_OFFICE: Final[dict[str, str | Promise]] = {"all": gettext_lazy("All")}


@dataclass(frozen=True, slots=True)
class ShipmentListPage:
    """A list of despatches."""

    rows: list[DespatchRow]
    direction: str
    directions: list[tuple[str, str]]
    pager: Pager
    can_ship: bool


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Something still under way; `inside` is the code of the container around it."""

    epc: str
    kind: str
    code: str
    url: str
    inside: str
    lot: str
    serial: str
    count: int


@dataclass(frozen=True, slots=True)
class SettleForm:
    """What the sender may sign about packs that did not arrive."""

    step: str
    title: str
    text: str
    wish: dict[str, Any]
    names_items: bool
    sign: SignPanel


@dataclass(frozen=True, slots=True)
class ShipmentPage:
    """One despatch."""

    row: DespatchRow
    sender_site: str
    addressee_site: str
    documents: list[tuple[str, str]]
    items: list[ItemRow]
    more_items: int
    gaps: list[Gap]
    links: list[Link]
    settle: list[SettleForm]
    receive_url: str
    statement_url: str
    why_not: str


@require_safe
@member_required
@may_lag
def shipment_list(request: HttpRequest) -> HttpResponse:
    """Despatches, open ones first, then the latest."""
    actor, at = actor_of(request), timezone.now()
    directions = _OFFICE if actor.is_regulator else _DIRECTIONS
    direction = chosen(request, "direction", directions)
    rows = shipments_visible_to(actor).order_by("-is_open", "-event_id")
    if direction != "all":
        side = "sender" if direction == "out" else "addressee"
        rows = rows.filter(**{side: actor.gln})
    note_read(actor=actor, action="shipments.list", subject=direction, at=at)
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    page = ShipmentListPage(
        rows=_rows(despatches(rows[shown.start_index() - 1 : shown.end_index()]))
        if shown
        else [],
        direction=direction,
        directions=[(name, str(word)) for name, word in directions.items()],
        pager=pager(shown, direction=direction),
        can_ship=actor.can_sign,
    )
    return render(request, "custody/shipment_list.html", {"page": page})


def _rows(found: list[Despatch]) -> list[DespatchRow]:
    partners = partners_by_gln(
        gln for each in found for gln in (each.sender, each.addressee)
    )
    progress = progress_of(each.ref for each in found)
    return [despatch_row(each, progress, partners) for each in found]


@require_safe
@member_required
def shipment_detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One despatch: lots, what is still under way, discrepancies, every step."""
    return render(
        request, "custody/shipment_detail.html", {"page": _page(request, ref)}
    )


@require_safe
@member_required
def shipment_outcome(request: HttpRequest, ref: str) -> HttpResponse:
    """The typed discrepancies of a despatch, as a part of the page that received it."""
    return render(request, "custody/_outcome.html", {"page": _page(request, ref)})


def _page(request: HttpRequest, ref: str) -> ShipmentPage:
    actor, at = actor_of(request), timezone.now()
    found = despatches(shipments_visible_to(actor).filter(event__ref=ref))
    if not found:
        raise Http404
    (despatch,) = found
    note_read(actor=actor, action="shipments.read", subject=ref, at=at)
    sites = sites_by_gln([despatch.sender_site, despatch.addressee_site])
    names = {gln: site.name for gln, site in sites.items()}
    items = open_items(ref=ref) if despatch.is_open else []
    is_sender, is_addressee = _sides(despatch, actor)
    return ShipmentPage(
        row=_rows(found)[0],
        sender_site=names.get(despatch.sender_site, despatch.sender_site),
        addressee_site=names.get(despatch.addressee_site, despatch.addressee_site),
        documents=[_document(each) for each in despatch.documents],
        items=[_item(each) for each in items[:MOST_ITEMS]],
        more_items=max(len(items) - MOST_ITEMS, 0),
        gaps=gaps_of(ref=ref),
        links=links_of(steps_of(ref=ref), actor=actor),
        settle=_settle(despatch) if is_sender and actor.can_sign else [],
        receive_url=f"/receive/{quote(ref, safe='')}"
        if is_addressee and despatch.is_open
        else "",
        statement_url=f"/ledger/statements/{ref.partition('#')[0]}"
        if is_sender or actor.is_regulator
        else "",
        why_not=_why_not(despatch, actor) if is_sender else "",
    )


def _item(item: ListedItem) -> ItemRow:
    return ItemRow(
        epc=item.epc,
        kind=item.kind,
        code=short(item.epc),
        url=container_url(item.epc) if item.kind == "container" else "",
        inside=short(item.parent) if item.parent else "",
        lot=item.lot,
        serial=item.serial,
        count=item.count,
    )


def _sides(despatch: Despatch, actor: Actor) -> tuple[bool, bool]:
    return despatch.sender == actor.gln, despatch.addressee == actor.gln


def _why_not(despatch: Despatch, actor: Actor) -> str:
    if not despatch.is_open or actor.can_sign:
        return ""
    return _("Withdrawing goods, or reporting them lost or stolen, takes a signer.")


def _document(document: Any) -> tuple[str, str]:
    words = {
        "po": _("Purchase order"),
        "desadv": _("Despatch advice"),
        "rma": _("Return authorisation"),
        "inv": _("Invoice"),
    }
    kind = str(document["type"]).rpartition("-")[2]
    return words.get(kind, kind), str(document["id"]).rpartition(":")[2]


def _settle(despatch: Despatch) -> list[SettleForm]:
    if not despatch.is_open:
        return []
    base = {
        "kind": "event",
        "site": despatch.sender_site,
        "shipment": despatch.ref,
    }
    return [
        SettleForm(
            step="void",
            title=_("Withdraw the rest"),
            text=_("What was not received comes back into your stock."),
            wish={**base, "step": "void"},
            names_items=False,
            sign=SignPanel(
                label=_("Sign and withdraw the rest"),
                meaning=_("despatch withdrawn by the sender"),
            ),
        ),
        _ended(
            base,
            "lost",
            _("Report as lost"),
            _("The serials end. Nobody can supply such a pack."),
            _("Sign: these packs are lost"),
        ),
        _ended(
            base,
            "stolen",
            _("Report as stolen"),
            _("The serials end; whoever scans such a pack is told to hold it."),
            _("Sign: these packs are stolen"),
        ),
    ]


def _ended(
    base: dict[str, str], step: str, title: str, text: str, label: str
) -> SettleForm:
    return SettleForm(
        step=step,
        title=title,
        text=text,
        wish={**base, "step": step},
        names_items=True,
        sign=SignPanel(label=label, meaning=_("serials ended by the holder")),
    )
