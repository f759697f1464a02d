"""The page that reports a suspicious code: what was read, and why one doubts it."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.edge.throttles import PerMinute
from apps.partners.authentication import actor_of, member_required
from apps.scan import operations, queries
from apps.scan.views.limits import limited
from apps.scan.views.parts import Band, build_band, scan_url

_MOST_CHARACTERS = 4_096
_MOST_REASON = 400


class ReportThrottle(PerMinute):
    """A report is read by people."""

    scope = "scan_report"
    limit = 30


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The doubtful code, the reason as typed, and where to go back."""

    band: Band
    code: str
    reason: str
    most_reason: int
    back_url: str
    is_reason_missing: bool


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
@limited(ReportThrottle)
def scan_report(request: HttpRequest) -> HttpResponseBase:
    """Ask why a code is doubted; with a reason, note it where the regulator reads."""
    actor, at = actor_of(request), timezone.now()
    said = request.POST if request.method == "POST" else request.GET
    code = said.get("code", "")[:_MOST_CHARACTERS]
    if not code.strip() or actor.is_regulator:  # who has nobody to report to
        raise Http404
    reason = said.get("reason", "").strip()[:_MOST_REASON]
    verdict = queries.judge_scan(code=code, actor=actor, at=at)
    if request.method == "POST" and reason:
        operations.report_code(verdict=verdict, reason=reason, actor=actor, at=at)
        messages.success(request, _("Reported. The regulator reads it under Alerts."))
        return redirect("alerts")
    page = ReportPage(
        band=build_band(verdict, actor),
        code=code,
        reason=reason,
        most_reason=_MOST_REASON,
        back_url=scan_url(code),
        is_reason_missing=request.method == "POST",
    )
    return render(request, "scan/scan_report.html", {"page": page})
