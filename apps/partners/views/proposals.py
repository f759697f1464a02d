"""Party statements that two offices sign: what waits on whom, and how it ended."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import TraceError
from apps.edge.json_only import json_only
from apps.partners import operations, queries
from apps.partners.authentication import actor_of, register_required
from apps.partners.models import Proposal
from apps.partners.queries import ProposalRow


@dataclass(frozen=True, slots=True)
class ProposalsPage:
    """What waits, and the last that ended."""

    waiting: list[ProposalRow]
    closed: list[Proposal]


@require_http_methods(["GET", "HEAD", "POST"])
@register_required
def proposals(request: HttpRequest) -> HttpResponseBase:
    """What waits for signatures; a POST takes what one office signed."""
    if request.method == "POST":
        return _propose(request)
    actor = actor_of(request)
    page = ProposalsPage(
        waiting=queries.list_proposals(actor=actor),
        closed=queries.list_closed_proposals(actor=actor),
    )
    operations.note_read(actor=actor, action="proposals", subject="", at=timezone.now())
    return render(request, "partners/proposal_list.html", {"page": page})


@json_only
def _propose(request: HttpRequest) -> HttpResponse:
    proposal = operations.propose(
        actor=actor_of(request), envelope=request.body, at=timezone.now()
    )
    _let_demo_sign(proposal.pk)
    return JsonResponse(
        {"id": proposal.pk, "statement_id": proposal.statement_id}, status=201
    )


@require_POST
@register_required
def proposal_sign(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Add a signature to a proposal: the brought key's, or an office's."""
    try:
        operations.add_signature(
            actor=actor_of(request),
            proposal_id=proposal_id,
            envelope=request.POST.get("envelope", "").encode(),
            at=timezone.now(),
        )
    except TraceError as error:
        messages.error(request, str(error))
    else:
        _let_demo_sign(proposal_id)
        messages.success(request, _("The signature holds and was added."))
    return redirect("proposals")


@require_POST
@register_required
def proposal_withdraw(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Take back what one's own office proposed."""
    try:
        operations.withdraw_proposal(
            actor=actor_of(request), proposal_id=proposal_id, at=timezone.now()
        )
    except TraceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Withdrawn. The statement is refused from now on."))
    return redirect("proposals")


def _let_demo_sign(proposal_id: int) -> None:
    if settings.DEMO:
        import_string(settings.DEMO_COSIGNER)(
            proposal_id=proposal_id, at=timezone.now()
        )
