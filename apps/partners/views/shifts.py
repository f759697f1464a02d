"""A shift: a passkey lends its voice to this device, until it ends or one logs out."""

from dataclasses import dataclass
from typing import Any

from allauth.account.views import LogoutView
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.canonical import parse_json
from apps.core.errors import MalformedInput
from apps.core.members import json_type
from apps.edge.json_only import json_only
from apps.partners import operations, queries
from apps.partners.authentication import (
    SHIFT_KEY,
    actor_of,
    running_shift,
    signer_required,
)
from apps.partners.models import Site, User
from apps.partners.queries import ShiftRow

_BODY_BYTES = 65_536
_HOURS = (4, 8, 10, 12)


@dataclass(frozen=True, slots=True)
class ShiftPage:
    """Where and for how long, and with which key it is lent."""

    sites: list[Site]
    hours: tuple[int, ...]
    running: ShiftRow | None
    enrolled: list[str]
    next_url: str


@require_http_methods(["GET", "HEAD", "POST"])
@signer_required
def shift(request: HttpRequest) -> HttpResponseBase:
    """The form that begins a shift; a POST takes the delegation that was signed."""
    if request.method == "POST":
        return _begin(request)
    actor = actor_of(request)
    is_counter = actor.partner is not None and actor.partner.role in _COUNTERS
    page = ShiftPage(
        sites=queries.list_sites(gln=actor.gln),
        hours=_HOURS,
        running=running_shift(request, at=timezone.now()),
        enrolled=queries.list_own_keyids(actor=actor),
        next_url="/scan" if is_counter else "/",
    )
    return render(request, "partners/shift.html", {"page": page})


_COUNTERS = frozenset({"pharmacy", "hospital"})


@require_POST
@signer_required
@json_only
def shift_draft(request: HttpRequest) -> HttpResponse:
    """The bytes to sign for `{"spki_b64", "alg", "site", "hours"}`; nothing is kept."""
    draft = queries.draft_delegation(
        wish=_read_object(request), actor=actor_of(request), at=timezone.now()
    )
    return JsonResponse(draft.as_json())


@json_only
def _begin(request: HttpRequest) -> HttpResponse:
    begun = operations.begin_shift(
        actor=actor_of(request), envelope=request.body, at=timezone.now()
    )
    request.session[SHIFT_KEY] = begun.pk
    return JsonResponse(
        {"id": begun.pk, "site": begun.site, "to_ms": begun.to_ms}, status=201
    )


@require_POST
@signer_required
def shift_end(request: HttpRequest, shift_id: int) -> HttpResponse:
    """End a shift; its device key is refused from then on."""
    if not operations.end_shift(
        actor=actor_of(request), shift_id=shift_id, at=timezone.now()
    ):
        raise Http404
    if request.session.get(SHIFT_KEY) == shift_id:
        del request.session[SHIFT_KEY]
    messages.success(
        request, _("The shift is ended. Its device key signs nothing more.")
    )
    return redirect("organisation_keys" if "keys" in request.POST else "shift")


_logout = LogoutView.as_view()


def log_out(request: HttpRequest) -> HttpResponse:
    """Log out as ever, and end the shift that this session began."""
    shift_id = request.session.get(SHIFT_KEY)
    if request.method == "POST" and shift_id and isinstance(request.user, User):
        operations.end_shift_of_session(
            shift_id=shift_id, user_id=request.user.pk, at=timezone.now()
        )
    response: HttpResponse = _logout(request)
    return response


def _read_object(request: HttpRequest) -> dict[str, Any]:
    value = parse_json(request.body, max_bytes=_BODY_BYTES)
    if not isinstance(value, dict):
        raise MalformedInput(
            "wrong_type", field="body", got=json_type(value), wanted="an object"
        )
    return value
