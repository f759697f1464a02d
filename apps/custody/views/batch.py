"""A batch: how many, where they are now, by whom, and every signed step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.custody.queries.boxes import boxes_of_lot
from apps.custody.queries.places import (
    PlaceRow,
    batch_steps,
    places,
)
from apps.custody.queries.sight import Sight, find_sight
from apps.custody.queries.units import recalls_of_batch
from apps.custody.queries.words import short
from apps.custody.views.links import Link, links_of
from apps.custody.views.parts import (
    STATUS_WORDS,
    Condition,
    condition,
    container_url,
    may_send,
    note_read,
    packs,
)
from apps.edge.lagging import may_lag
from apps.edge.page_parts import Bar, Pager, pager
from apps.edge.templatetags.show import number
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor

_LINKS: Final = 50
_BOXES: Final = 60
_ALL_WORDS: Final[dict[str, str | Promise]] = {
    "maker": gettext_lazy("at maker"),
    "transit": gettext_lazy("in transit"),
    "wholesalers": gettext_lazy("at wholesalers"),
    "pharmacies": gettext_lazy("at pharmacies"),
    "supplied": gettext_lazy("supplied"),
    "ended": gettext_lazy("ended"),
}
_OWN_WORDS: Final[dict[str, str | Promise]] = {
    "here": gettext_lazy("with us"),
    "transit": gettext_lazy("sent, still under way"),
    "passed": gettext_lazy("passed on"),
    "supplied": gettext_lazy("supplied by us"),
    "ended": gettext_lazy("ended by us"),
}
_FILLS: Final = {
    "maker": 1,
    "here": 1,
    "transit": 2,
    "wholesalers": 3,
    "passed": 3,
    "pharmacies": 4,
    "supplied": 5,
    "ended": 6,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the table by holder."""

    row: PlaceRow
    status: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class OpenRecall:
    """A recall that covers the lot, all of it or some of its serials."""

    url: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One batch as its reader may see it."""

    product: str
    gtin: str
    lot: str
    expiry_date: date
    maker: str
    sees_all: bool
    total: int
    bar: Bar
    places: list[Place]
    links: list[Link]
    pager: Pager
    recalls: list[OpenRecall]
    boxes: list[tuple[str, str, int]]
    more_boxes: int
    labels_url: str
    ship_url: str
    pack_url: str


@require_safe
@member_required
@may_lag
def batch(request: HttpRequest, gtin: str, lot: str) -> HttpResponse:
    """The batch page."""
    actor, at = actor_of(request), timezone.now()
    sight = find_sight(actor=actor, gtin=gtin, lot=lot)
    if sight is None:
        raise Http404
    note_read(actor=actor, action="batches.read", subject=f"{gtin} {lot}", at=at)
    page = _page(request, sight, actor, at.date())
    return render(request, "custody/batch_detail.html", {"page": page})


def _page(request: HttpRequest, sight: Sight, actor: Actor, today: date) -> BatchPage:
    row = sight.batch
    where = places(sight=sight, gln=actor.gln)
    steps, shown = batch_steps(
        sight=sight, gln=actor.gln, number=request.GET.get("page"), size=_LINKS
    )
    boxes, more_boxes = _boxes(sight, actor)
    is_maker = row.product.brand_owner.gln == actor.gln
    stands = any(
        each.holder == actor.gln
        and each.status == "active"
        and each.recalled < each.count
        for each in where
    )
    lot = "?" + urlencode({"q": row.lot})
    may_go = stands and actor.can_sign and may_send(actor)
    return BatchPage(
        product=str(row.product),
        gtin=row.product.gtin,
        lot=row.lot,
        expiry_date=row.expiry_date,
        maker=row.product.brand_owner.name,
        sees_all=sight.sees_all,
        total=len(sight.own),
        bar=_bar(where, sight, actor),
        places=[_place(each, row.expiry_date, today) for each in where],
        links=links_of(steps, actor=actor),
        pager=pager(shown),
        recalls=[
            OpenRecall(f"/recalls/{recall_id}", is_whole)
            for recall_id, is_whole in recalls_of_batch(batch_id=row.pk)
        ],
        boxes=boxes,
        more_boxes=more_boxes,
        labels_url=f"/labels/{row.product.gtin}/{quote(row.lot, safe='')}"
        if is_maker
        else "",
        ship_url=f"/ship{lot}" if may_go else "",
        pack_url=f"/pack{lot}" if may_go else "",
    )


def _place(row: PlaceRow, expiry_date: date, today: date) -> Place:
    return Place(
        row,
        str(STATUS_WORDS[row.status]),
        condition(
            status=row.status,
            expiry_date=expiry_date,
            count=row.count,
            recalled=row.recalled,
            held=row.held,
            today=today,
        ),
    )


def _boxes(sight: Sight, actor: Actor) -> tuple[list[tuple[str, str, int]], int]:
    """The reader's own containers with packs of the lot; code, address, packs of it."""
    boxes, count = boxes_of_lot(batch_id=sight.batch.pk, gln=actor.gln, most=_BOXES)
    rows = [(short(box.epc), container_url(box.epc), box.count) for box in boxes]
    return rows, count - len(rows)


def _bar(rows: Iterable[PlaceRow], sight: Sight, actor: Actor) -> Bar:
    words = _ALL_WORDS if sight.sees_all else _OWN_WORDS
    counts = dict.fromkeys(words, 0)
    for row in rows:
        counts[row.tier if sight.sees_all else _own_tier(row, actor)] += row.count
    said = [f"{number(n)} {words[name]}" for name, n in counts.items() if n]
    title = _("%(total)s: %(parts)s") % {
        "total": packs(sum(counts.values())),
        "parts": ", ".join(said),
    }
    return Bar.of(
        title, [(str(words[name]), n, _FILLS[name]) for name, n in counts.items()]
    )


def _own_tier(row: PlaceRow, actor: Actor) -> str:
    if row.holder != actor.gln:
        return "passed"
    return row.tier if row.tier in ("transit", "supplied", "ended") else "here"
