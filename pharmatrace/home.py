"""The first page, by role: what to do next; the inbox; the stranger's pack check."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.alerts.models import Alert
from apps.core.errors import MalformedInput
from apps.core.gs1 import build_digital_link, parse_scan
from apps.partners import operations
from apps.partners import queries as partners
from apps.partners.authentication import actor_of, member_required
from apps.partners.queries import Actor
from apps.recalls.models import Notice
from pharmatrace.waiting import (
    Task,
    count_keys,
    incoming,
    list_starts,
    list_tasks,
    open_alerts,
    open_notices,
)

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class HomePage:
    """What waits, the most urgent first, and what can be started."""

    name: str
    tasks: list[Task]
    starts: list[Task]
    is_demo: bool


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What the site is, for strangers; `problem` says why a code was not read."""

    code: str
    problem: MalformedInput | None
    has_no_place: bool
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods under way to the reader, and who sent them."""

    ref: str
    sender: str
    accepted_ms: int


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Everything that waits for this organisation."""

    notices: list[Notice]
    deliveries: list[Delivery]
    alerts: list[Alert]
    waiting_keys: int

    @property
    def is_empty(self) -> bool:
        """True if nothing waits."""
        return not (self.notices or self.deliveries or self.alerts or self.waiting_keys)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What to do next; for strangers what this is, and a check of a pack."""
    actor = actor_of(request)
    if actor.partner is None:
        return _public(request)
    page = HomePage(
        name=actor.user.first_name if actor.user else "",
        tasks=list_tasks(actor),
        starts=list_starts(actor),
        is_demo=settings.DEMO,
    )
    return render(request, "pharmatrace/home.html", {"page": page})


@require_safe
@member_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Recalls to answer, goods under way to us, alerts, keys to confirm."""
    actor = actor_of(request)
    notices = open_notices(actor).select_related("recall", "batch__product")
    page = InboxPage(
        notices=list(notices.order_by("-created_at")[:_SHOWN]),
        deliveries=_deliveries(actor),
        alerts=list(open_alerts(actor)[:_SHOWN]),
        waiting_keys=count_keys(actor),
    )
    at = timezone.now()
    operations.note_read(actor=actor, action="inbox", subject="", at=at)
    return render(request, "pharmatrace/inbox.html", {"page": page})


def _deliveries(actor: Actor) -> list[Delivery]:
    rows = incoming(actor).select_related("event").order_by("event_id")[:_SHOWN]
    names = partners.names_of_glns({row.sender for row in rows})
    return [
        Delivery(
            ref=row.event.ref,
            sender=names.get(row.sender, row.sender),
            accepted_ms=row.event.accepted_ms,
        )
        for row in rows
    ]


def _public(request: HttpRequest) -> HttpResponse:
    code = request.GET.get("code", "").strip()
    problem: MalformedInput | None = None
    if code:
        try:
            return HttpResponseRedirect(find_pack_path(code, timezone.now().date()))
        except MalformedInput as error:
            problem = error
    page = PublicPage(
        code=code,
        problem=problem,
        has_no_place=request.user.is_authenticated,
        is_demo=settings.DEMO,
    )
    return render(request, "pharmatrace/public.html", {"page": page})


def find_pack_path(code: str, today: date) -> str:
    """The path of a scanned pack's public page: its GS1 Digital Link on this site.

    Raises:
        MalformedInput: the code cannot be read, or names no product.
    """
    scan = parse_scan(code, today=today)
    if scan.gtin is None:
        raise MalformedInput(
            "not_a_pack", field="code", got=code, wanted="a code with a GTIN"
        )
    stem = "https://id.gs1.org"
    return build_digital_link(scan.elements, stem=stem).removeprefix(stem)
