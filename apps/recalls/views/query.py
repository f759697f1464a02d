"""The query of regulator and maker: where every unit is now."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core.errors import MalformedInput
from apps.edge.lagging import may_lag
from apps.edge.page_parts import Bar
from apps.partners.authentication import actor_of, member_required
from apps.recalls.queries.recalls import is_regulator
from apps.recalls.queries.shares import AffectedRow
from apps.recalls.queries.where import (
    Whereabouts,
    find_where,
    list_products,
    read_criteria,
)
from apps.recalls.views.parts import bar_of, note_read

_SHOWN_ROWS = 200
_FIELDS = ("gtin", "lot", "serial", "expiry_from", "expiry_to")


@dataclass(frozen=True, slots=True)
class QueryPage:
    """The question, and the answer once something was asked."""

    asked: dict[str, str]
    problem: MalformedInput | None
    found: Whereabouts | None
    bar: Bar | None
    rows: list[AffectedRow]
    more: int
    csv_url: str
    can_recall: bool


@require_safe
@member_required
@may_lag
def unit_query(request: HttpRequest) -> HttpResponse:
    """GTIN, lot, expiry window or serial: where the units are."""
    actor = actor_of(request)
    if not (is_regulator(actor.gln) or list_products(actor).exists()):
        raise PermissionDenied
    asked = {name: request.GET.get(name, "").strip() for name in _FIELDS}
    problem: MalformedInput | None = None
    found: Whereabouts | None = None
    if any(asked.values()):
        try:
            criteria = read_criteria(asked)
            found = find_where(criteria, actor=actor)
            note_read(actor, "recalls.query", criteria.subject, timezone.now())
        except MalformedInput as error:
            problem = error
    rows = found.rows if found else None
    query = request.GET.copy()
    query["format"] = "csv"
    page = QueryPage(
        asked=asked,
        problem=problem,
        found=found,
        bar=bar_of(found.tally) if found else None,
        rows=rows[:_SHOWN_ROWS] if rows else [],
        more=max(len(rows) - _SHOWN_ROWS, 0) if rows else 0,
        csv_url=f"/api/v1/recall-query?{query.urlencode()}",
        can_recall=actor.can_sign,
    )
    return render(request, "recalls/unit_query.html", {"page": page})
