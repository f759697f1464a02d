"""The register of partners, for the regulator and the operator."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import TraceError
from apps.edge.json_only import json_only
from apps.partners import operations, queries
from apps.partners.authentication import (
    actor_of,
    register_required,
    regulator_required,
)
from apps.partners.models import Licence, LicenceRole, Site, TradingPartner
from apps.partners.queries import KeyRow, PartnerRow, ProposalRow
from apps.partners.views.parts import SignPanel

_ROLES: list[LicenceRole] = [
    role
    for role in LicenceRole
    if role not in {LicenceRole.REGULATOR, LicenceRole.OPERATOR}
]


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """The list of partners."""

    rows: list[PartnerRow]
    text: str
    role: str
    roles: list[LicenceRole]
    proposals: list[ProposalRow]
    can_admit: bool


@dataclass(frozen=True, slots=True)
class PartnerPage:
    """One partner's file."""

    partner: TradingPartner
    sites: list[Site]
    licences: list[Licence]
    keys: list[KeyRow]
    can_license: bool


@dataclass(frozen=True, slots=True)
class AdmitPage:
    """The form that admits a partner."""

    wish: dict[str, str]
    sign: SignPanel


@dataclass(frozen=True, slots=True)
class LicencePage:
    """The form that grants, changes or suspends a licence."""

    partner: TradingPartner
    roles: list[LicenceRole]
    prefixes: str
    sites: str
    today: datetime
    wish: dict[str, str]
    sign: SignPanel


@require_safe
@register_required
def partner_list(request: HttpRequest) -> HttpResponse:
    """All partners, filtered by name or GLN and by role."""
    actor = actor_of(request)
    text, role = request.GET.get("q", ""), request.GET.get("role", "")
    page = RegisterPage(
        rows=queries.list_partners(
            actor=actor, text=text, role=role, at=timezone.now()
        ),
        text=text,
        role=role,
        roles=_ROLES,
        proposals=queries.list_proposals(actor=actor),
        can_admit=actor.can_sign and actor.is_regulator,
    )
    operations.note_read(
        actor=actor, action="partners.list", subject=text, at=timezone.now()
    )
    return render(request, "partners/partner_list.html", {"page": page})


@require_safe
@register_required
def partner_detail(request: HttpRequest, gln: str) -> HttpResponse:
    """One partner: sites, licences with history, keys with history."""
    actor = actor_of(request)
    partner = _get(request, gln)
    page = PartnerPage(
        partner=partner,
        sites=queries.list_sites(gln=gln),
        licences=queries.list_licences(gln=gln),
        keys=queries.list_key_rows(gln=gln, actor=actor),
        can_license=actor.can_sign and actor.is_regulator,
    )
    operations.note_read(
        actor=actor, action="partners.read", subject=gln, at=timezone.now()
    )
    return render(request, "partners/partner_detail.html", {"page": page})


@require_safe
@regulator_required
def partner_admit(request: HttpRequest) -> HttpResponse:
    """The form with which the regulator admits a partner."""
    page = AdmitPage(
        wish={"kind": "party.admit"},
        sign=SignPanel(
            label=_("Sign and propose the admission"),
            meaning=_("admits the party and its first key"),
        ),
    )
    return render(request, "partners/partner_admit.html", {"page": page})


@require_safe
@regulator_required
def partner_licence(request: HttpRequest, gln: str) -> HttpResponse:
    """The form with which the regulator licenses a partner."""
    partner, at = _get(request, gln), timezone.now()
    operations.note_read(
        actor=actor_of(request), action="partners.licence", subject=gln, at=at
    )
    licences = [each for each in queries.list_licences(gln=gln) if each.is_current]
    prefixes = {prefix for each in licences for prefix in each.gs1_prefixes}
    sites = queries.list_sites(gln=gln)
    page = LicencePage(
        partner=partner,
        roles=_ROLES,
        prefixes="\n".join(sorted(prefixes)),
        sites="\n".join(f"{site.gln} {site.name}" for site in sites),
        today=at,
        wish={"kind": "party.licence", "gln": gln},
        sign=SignPanel(
            label=_("Sign and propose the licence"), meaning=_("licenses the party")
        ),
    )
    return render(request, "partners/partner_licence.html", {"page": page})


@require_POST
@register_required
@json_only
def proposals(request: HttpRequest) -> HttpResponse:
    """Take an envelope that one office signed; it waits for the others."""
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
    """Add the signature of the new partner's own key to a proposal."""
    try:
        operations.add_signature(
            proposal_id=proposal_id,
            envelope=request.POST.get("envelope", "").encode(),
            at=timezone.now(),
        )
    except TraceError as error:
        messages.error(request, str(error))
    else:
        _let_demo_sign(proposal_id)
        messages.success(request, _("The signature holds and was added."))
    return redirect("partners")


def _let_demo_sign(proposal_id: int) -> None:
    if settings.DEMO:
        import_string(settings.DEMO_COSIGNER)(
            proposal_id=proposal_id, at=timezone.now()
        )


def _get(request: HttpRequest, gln: str) -> TradingPartner:
    partner = queries.visible_to(actor_of(request)).filter(gln=gln).first()
    if partner is None:
        raise Http404
    return partner
