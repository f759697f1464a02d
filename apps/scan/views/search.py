"""The search page: one box that takes anything."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.partners import operations as partners
from apps.partners.authentication import actor_of, member_required
from apps.scan import queries
from apps.scan.queries import Found
from apps.scan.views.limits import limited
from apps.scan.views.scan import ScanThrottle

_MOST_CHARACTERS = 2_048


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was looked for, and what it may mean."""

    text: str
    found: list[Found]


@require_safe
@member_required
@limited(ScanThrottle)
def search(request: HttpRequest) -> HttpResponseBase:
    """Go straight to the only thing that `?q=` can mean, else list them."""
    at = timezone.now()
    actor, text = actor_of(request), request.GET.get("q", "")[:_MOST_CHARACTERS]
    found = queries.search(text=text, actor=actor, today=at.date())
    partners.note_read(actor=actor, action="search", subject=text, at=at)
    if len(found) == 1:
        return redirect(found[0].url)
    return render(
        request, "scan/search_page.html", {"page": SearchPage(text=text, found=found)}
    )
