"""What may be chosen to be packed or shipped, and the words that the script says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.errors import MalformedInput
from apps.custody.models import Container
from apps.custody.queries.shelf import BoxRow, StockRow, box_rows, loose_stock
from apps.custody.queries.words import short
from apps.custody.views.parts import container_url, why_not_shipped
from apps.partners import queries as partners
from apps.partners.models import Site

MOST_BOXES: Final = 100


@dataclass(frozen=True, slots=True)
class BoxChoice:
    """A container that can be ticked; `why_not` says why it cannot."""

    row: BoxRow
    code: str
    url: str
    why_not: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class LooseChoice:
    """Loose packs of a lot, of which some can go."""

    row: StockRow
    why_not: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """A site that goods may be sent to; `value` is the wish's `to` as JSON."""

    value: str
    name: str
    label: str


def chosen_site(request: HttpRequest, sites: list[Site]) -> Site | None:
    """The site of the query, else the first one; None for a partner without sites.

    Raises:
        MalformedInput: `unknown_site`: none of the organisation's own.
    """
    wanted = request.GET.get("site", "")
    if not wanted:
        return sites[0] if sites else None
    for site in sites:
        if site.gln == wanted:
            return site
    raise MalformedInput(
        "unknown_site", field="site", got=wanted, wanted="a site of your own"
    )


def box_choices(
    rows: QuerySet[Container], *, today: date, chosen: str
) -> list[BoxChoice]:
    """The first containers of a list; the one with the number `chosen` is ticked."""
    return [
        BoxChoice(
            row=row,
            code=short(row.epc),
            url=container_url(row.epc),
            why_not=why_not_shipped(
                expiry_date=row.expiry_date,
                recalled=row.recalled,
                held=row.held,
                today=today,
            ),
            is_chosen=bool(chosen) and short(row.epc) == chosen,
        )
        for row in box_rows(rows[:MOST_BOXES])
    ]


def loose_choices(*, gln: str, site: str, text: str, today: date) -> list[LooseChoice]:
    """Lots with loose packs at a site."""
    return [
        LooseChoice(row=row, why_not=_why_not_loose(row, today))
        for row in loose_stock(gln=gln, site=site, text=text)
    ]


def _why_not_loose(row: StockRow, today: date) -> str:
    """A count takes the lowest numbers, so with blocked packs among them one scans."""
    blocked = max(row.recalled, row.held)
    why = why_not_shipped(
        expiry_date=row.expiry_date,
        recalled=row.recalled,
        held=row.held,
        today=today,
    )
    if blocked and row.loose and blocked < row.loose and row.expiry_date >= today:
        return _("%(n)d %(why)s: scan those that go") % {"n": blocked, "why": why}
    return why


def addressees(*, gln: str, at: datetime) -> list[Addressee]:
    """Every site of every other licensed partner."""
    return [
        Addressee(
            value=json.dumps({"gln": partner.gln, "site": site.gln}),
            name=partner.name,
            label=f"{partner.name} · {site.name}",
        )
        for partner in partners.list_addressees(at=at)
        if partner.gln != gln
        for site in partner.sites.all()
    ]


def script_words() -> str:
    """What static/js/goods.js says in numbers, as JSON; %n is the number."""
    return json.dumps(
        {
            "box": [_("1 container"), _("%n containers")],
            "pack": [_("1 pack"), _("%n packs")],
            "code": [_("1 scanned code"), _("%n scanned codes")],
            "and": _("and"),
            "nothing": _("Nothing chosen yet"),
            "twice": _("Already in the list:"),
        }
    )
