"""Receiving: what is under way to us, and one despatch with what was scanned of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core.epcis import PackEpc
from apps.custody.models import Shipment
from apps.custody.queries.shipments import (
    Despatch,
    ListedItem,
    despatches,
    is_under_way,
    open_items,
)
from apps.custody.queries.travels import Gap, gaps_of, progress_of
from apps.custody.queries.units import find_unit
from apps.custody.queries.wishes import read_code
from apps.custody.queries.words import short
from apps.custody.views.parts import (
    SSCC_DIGITS,
)
from apps.custody.views.rows import DespatchRow, despatch_row
from apps.edge.page_parts import SignPanel
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor
from apps.partners.queries.names import partners_by_gln, sites_by_gln

# Above so many single packs of a lot the list counts them instead of naming each.
_NAMED_PACKS: Final = 40


@dataclass(frozen=True, slots=True)
class ReceiveListPage:
    """Despatches under way to us, the oldest first.

    Attributes:
        missing: packs still missing of those that came in part.
    """

    short: list[DespatchRow]
    expected: list[DespatchRow]
    missing: int


@dataclass(frozen=True, slots=True)
class Line:
    """What can be ticked off; `inside` is the key of the container around it."""

    label: str
    n: int
    sscc: str = ""
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    key: str = ""
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """The part _receive.html."""

    lines: list[Line]
    lookup_url: str


@dataclass(frozen=True, slots=True)
class ReceivePage:
    """One despatch to be received.

    Attributes:
        label: the button's words; the script puts in %came and %expected packs.
    """

    row: DespatchRow
    sender_site: str
    addressee_site: str
    receive: Expected
    gaps: list[Gap]
    wish: dict[str, Any]
    next_url: str
    outcome_url: str
    label: str
    can_sign: bool
    sign: SignPanel


@require_safe
@member_required
def receive_list(request: HttpRequest) -> HttpResponse:
    """What is expected; what is missing of earlier despatches stands first."""
    actor = actor_of(request)
    rows = _rows(despatches(_incoming(actor).order_by("event_id")))
    short = [row for row in rows if row.is_short]
    page = ReceiveListPage(
        short=short,
        expected=[row for row in rows if not row.is_short],
        missing=sum(row.despatch.open_count for row in short),
    )
    return render(request, "custody/receive_list.html", {"page": page})


def _incoming(actor: Actor) -> QuerySet[Shipment]:
    return Shipment.objects.filter(addressee=actor.gln, is_open=True)


def _rows(found: list[Despatch]) -> list[DespatchRow]:
    names = partners_by_gln(gln for row in found for gln in (row.sender, row.addressee))
    progress = progress_of(row.ref for row in found)
    return [despatch_row(row, progress, names) for row in found]


@require_safe
@member_required
def receive_shipment(request: HttpRequest, ref: str) -> HttpResponse:
    """The despatch on the left, what was scanned on the right, one signature."""
    actor = actor_of(request)
    despatch = _get_incoming(actor, ref)
    is_return = despatch.purpose == "return"
    sites = sites_by_gln([despatch.sender_site, despatch.addressee_site])
    names = {gln: site.name for gln, site in sites.items()}
    where = f"/shipments/{quote(ref, safe='')}"
    page = ReceivePage(
        row=_rows([despatch])[0],
        sender_site=names.get(despatch.sender_site, despatch.sender_site),
        addressee_site=names.get(despatch.addressee_site, despatch.addressee_site),
        receive=Expected(
            lines=_lines(open_items(ref=ref), despatch),
            lookup_url=f"/receive/{quote(ref, safe='')}/lookup",
        ),
        gaps=[gap for gap in gaps_of(ref=ref) if not gap.is_settled],
        wish={
            "kind": "event",
            "step": "return_receive" if is_return else "receive",
            "shipment": ref,
            "site": despatch.addressee_site,
        },
        next_url=where,
        outcome_url=f"{where}/outcome",
        label=_("Sign and receive %came of %expected packs"),
        can_sign=actor.can_sign,
        sign=SignPanel(
            label=_("Sign what was received"), meaning=_("received by the addressee")
        ),
    )
    return render(request, "custody/receive_shipment.html", {"page": page})


def _get_incoming(actor: Actor, ref: str) -> Despatch:
    """The open despatch to the actor's organisation; foreign and missing are alike."""
    found = despatches(_incoming(actor).filter(event__ref=ref))
    if not found:
        raise Http404
    return found[0]


def _lines(items: list[ListedItem], despatch: Despatch) -> list[Line]:
    products = {(lot.gtin, lot.lot): lot.product for lot in despatch.lots}
    loose = Counter((item.gtin, item.lot) for item in items if item.kind == "pack")
    counted = {key for key, count in loose.items() if count > _NAMED_PACKS}
    lines = [_box(item, products) for item in items if item.kind == "container"]
    lines += [
        Line(
            label=f"{products[item.gtin, item.lot]} {item.lot}",
            n=1,
            gtin=item.gtin,
            lot=item.lot,
            serial=item.serial,
            key=short(item.epc),
        )
        for item in items
        if item.kind == "pack" and (item.gtin, item.lot) not in counted
    ]
    lines += [
        Line(
            label=_("%(product)s, loose packs") % {"product": products[gtin, lot]},
            n=loose[gtin, lot],
            gtin=gtin,
            lot=lot,
            key=f"{gtin}/{lot}",
        )
        for gtin, lot in sorted(counted)
    ]
    return lines


def _box(item: ListedItem, products: Mapping[tuple[str, str], str]) -> Line:
    code = short(item.epc)
    is_sscc = len(code) == SSCC_DIGITS and code.isdigit()
    gtin, _slash, serial = code.removeprefix("01/").partition("/21/")
    product = products.get((item.gtin, item.lot), "")
    return Line(
        label=f"{product} {item.lot}" if product else _("several lots"),
        n=item.count,
        sscc=code if is_sscc else "",
        gtin="" if is_sscc else gtin,
        serial="" if is_sscc else serial,
        key=code,
        inside=short(item.parent) if item.parent else "",
    )


@require_safe
@member_required
def receive_lookup(request: HttpRequest, ref: str) -> JsonResponse:
    """Which line of the despatch a scanned pack belongs to: {"line": key}.

    Raises:
        MalformedInput: the code names no pack and no container.
    """
    _get_incoming(actor_of(request), ref)
    code, at = request.GET.get("code", ""), timezone.now()
    epc = read_code(code, field="code", at=at)
    if not isinstance(epc, PackEpc):
        return JsonResponse({"line": ""})
    unit = find_unit(gtin=epc.gtin, serial=epc.serial)
    if unit is None or not is_under_way(
        ref=ref, batch_id=unit.batch_id, ordinal=unit.ordinal
    ):
        return JsonResponse({"line": ""})
    line = short(unit.container) if unit.container else f"{unit.gtin}/{unit.lot}"
    return JsonResponse({"line": line})
