"""The list of recalls: a holder's inbox, an opener's and the regulator's overview."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.edge.lagging import may_lag
from apps.edge.page_parts import Pager, pager
from apps.partners.authentication import actor_of, member_required
from apps.recalls.queries.lists import ListedRecall, list_recalls
from apps.recalls.queries.recalls import visible_to, with_own_notices
from apps.recalls.queries.where import may_open
from apps.recalls.views.parts import note_read

_PAGE_ROWS = 25


@dataclass(frozen=True, slots=True)
class RecallListPage:
    """The list of recalls; `sees_all` shows how far the answers are."""

    rows: list[ListedRecall]
    pager: Pager
    can_open: bool
    sees_all: bool


@require_safe
@member_required
@may_lag
def recall_list(request: HttpRequest) -> HttpResponse:
    """Recalls that concern the reader, the latest first."""
    actor = actor_of(request)
    found = with_own_notices(visible_to(actor), actor).order_by("-opened_ms", "pk")
    pages = Paginator(found, _PAGE_ROWS)
    shown = pages.get_page(request.GET.get("page"))
    rows = list_recalls(shown, actor=actor)
    page = RecallListPage(
        rows=rows,
        pager=pager(shown),
        can_open=may_open(actor),
        sees_all=any(row.told is not None for row in rows),
    )
    note_read(actor, "recalls.list", "", timezone.now())
    return render(request, "recalls/recall_list.html", {"page": page})
