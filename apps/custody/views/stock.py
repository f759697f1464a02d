"""What we hold, by product and lot."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from apps.custody.queries.shelf import (
    IN_STOCK,
    UNDER_WAY,
    StockRow,
    holdings,
    stock_rows,
)
from apps.custody.views.parts import (
    STATUS_WORDS,
    Condition,
    batch_url,
    chosen,
    condition,
    may_send,
    note_read,
)
from apps.edge.lagging import may_lag
from apps.edge.page_parts import Pager, pager
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor

PAGE_SIZE: Final = 50
_MOST_LINES: Final = 20_000
_SHOWS: Final[dict[str, tuple[tuple[str, ...], str | Promise]]] = {
    "stock": (IN_STOCK, gettext_lazy("In stock")),
    "way": (UNDER_WAY, gettext_lazy("Sent and still under way")),
    "all": ((*IN_STOCK, *UNDER_WAY), gettext_lazy("Both")),
}
# A spreadsheet runs what begins like a formula; the apostrophe makes it text.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS: Final = (
    *("gtin", "product", "lot", "expiry_date", "site", "site_name"),
    *("status", "packs", "recalled", "on_hold"),
)


@dataclass(frozen=True, slots=True)
class StockLine:
    """A row of the stock with what can be done about it."""

    row: StockRow
    condition: Condition
    url: str
    ship_url: str
    pack_url: str


@dataclass(frozen=True, slots=True)
class StockPage:
    """The stock list.

    Attributes:
        whose: GLN whose stock it is; the regulator may name any.
    """

    lines: list[StockLine]
    text: str
    show: str
    shows: list[tuple[str, str]]
    whose: str
    asks_gln: bool
    packs: int
    pager: Pager
    csv_url: str
    can_receive: bool


@require_safe
@member_required
@may_lag
def stock(request: HttpRequest) -> HttpResponseBase:
    """What the organisation holds, soonest expiry first; `?format=csv` for all of it."""
    actor, at = actor_of(request), timezone.now()
    text, show = request.GET.get("q", ""), chosen(request, "show", _SHOWS)
    whose = _whose(request, actor, at)
    found = holdings(gln=whose, statuses=_SHOWS[show][0], text=text)
    if request.GET.get("format") == "csv":
        return _csv(stock_rows(list(found[:_MOST_LINES])))
    shown = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    today = at.date()
    kept = {"q": text, "show": show, "gln": whose if actor.is_regulator else ""}
    page = StockPage(
        lines=[_line(row, actor, today) for row in stock_rows(list(shown))],
        text=text,
        show=show,
        shows=[(name, str(word)) for name, (_, word) in _SHOWS.items()],
        whose=whose,
        asks_gln=actor.is_regulator,
        packs=sum(found.values_list("count", flat=True)),
        pager=pager(shown, **kept),
        csv_url="?" + urlencode({**kept, "format": "csv"}),
        can_receive=not actor.sees_register,
    )
    return render(request, "custody/stock_list.html", {"page": page})


def _whose(request: HttpRequest, actor: Actor, at: datetime) -> str:
    if not actor.is_regulator:
        return actor.gln
    gln = request.GET.get("gln", "")[:13]
    note_read(actor=actor, action="stock.list", subject=gln, at=at)
    return gln


def _line(row: StockRow, actor: Actor, today: date) -> StockLine:
    blocked = max(row.recalled, row.held) >= row.count or row.expiry_date < today
    is_ours = row.holder == actor.gln and row.status == "active" and actor.can_sign
    may_go = is_ours and not blocked and may_send(actor)
    where = urlencode({"site": row.site, "q": row.lot})
    return StockLine(
        row=row,
        condition=condition(
            status=row.status,
            expiry_date=row.expiry_date,
            count=row.count,
            recalled=row.recalled,
            held=row.held,
            today=today,
        ),
        url=batch_url(row.gtin, row.lot),
        ship_url=f"/ship?{where}" if may_go else "",
        pack_url=f"/pack?{where}" if may_go else "",
    )


def _csv(rows: list[StockRow]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_csv_lines(rows), content_type="text/csv")
    response["Content-Disposition"] = 'attachment; filename="stock.csv"'
    return response


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv_lines(rows: list[StockRow]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(_COLUMNS)
    for row in rows:
        cells = (
            *(row.gtin, row.product, row.lot, row.expiry_date.isoformat()),
            *(row.site, row.site_name, STATUS_WORDS[row.status]),
            *(row.count, row.recalled, row.held),
        )
        yield writer.writerow([_harmless(cell) for cell in cells])


def _harmless(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
