"""Pages of alerts."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.alerts import operations, queries
from apps.alerts.formats import title_of, to_do_of
from apps.alerts.models import Alert
from apps.edge.page_parts import Pager, pager
from apps.partners import operations as partners
from apps.partners.authentication import actor_of, member_required, signer_required

_PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert, what it is in words, and what to do."""

    alert: Alert
    title: str
    to_do: str

    @property
    def is_scan(self) -> bool:
        """Whether it was seen at a scan; else the law refused something."""
        return self.alert.kind.startswith("scan_")


@dataclass(frozen=True, slots=True)
class AlertListPage:
    """Open alerts, or closed ones."""

    rows: list[AlertRow]
    pager: Pager
    is_closed: bool
    can_close: bool
    names_partners: bool


@require_safe
@member_required
def alert_list(request: HttpRequest) -> HttpResponse:
    """What was refused or looked odd, the latest first."""
    actor = actor_of(request)
    is_closed = request.GET.get("state") == "closed"
    pages = Paginator(queries.list_alerts(actor=actor, is_closed=is_closed), _PAGE_ROWS)
    shown = pages.get_page(request.GET.get("page"))
    state = "closed" if is_closed else ""
    page = AlertListPage(
        rows=[
            AlertRow(each, title_of(each.kind), to_do_of(each.kind)) for each in shown
        ],
        pager=pager(shown, state=state),
        is_closed=is_closed,
        can_close=actor.can_sign,
        names_partners=actor.is_regulator,
    )
    partners.note_read(
        actor=actor, action="alerts.list", subject=state, at=timezone.now()
    )
    return render(request, "alerts/alert_list.html", {"page": page})


@require_POST
@signer_required
def alert_close(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Close an alert that somebody has looked into."""
    if not operations.close_alert(
        actor=actor_of(request), alert_id=alert_id, at=timezone.now()
    ):
        raise Http404
    messages.success(request, _("Closed. If it happens again, it opens again."))
    return redirect("alerts")
