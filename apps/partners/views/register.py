"""The register of partners, for the regulator and the operator."""

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.core.encoding import format_time_ms
from apps.edge.page_parts import SignPanel
from apps.partners import operations, queries
from apps.partners.authentication import (
    actor_of,
    register_required,
    regulator_required,
)
from apps.partners.models import Licence, LicenceRole, Site, TradingPartner
from apps.partners.queries import KeyRow, LicenceRow, PartnerRow

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
    waiting_proposals: int
    can_admit: bool


@dataclass(frozen=True, slots=True)
class PartnerPage:
    """One partner's file."""

    partner: TradingPartner
    sites: list[Site]
    licences: list[LicenceRow]
    keys: list[KeyRow]
    can_license: bool


@dataclass(frozen=True, slots=True)
class AdmitPage:
    """The form that admits a partner."""

    wish: dict[str, str]
    sign: SignPanel


@dataclass(frozen=True, slots=True)
class LicencePage:
    """The form that grants, changes, suspends or returns a licence.

    Its fields hold what the licence says now, as text that the wish takes again.
    """

    partner: TradingPartner
    role: str
    roles: list[LicenceRole]
    prefixes: str
    sites: str
    scope: str
    begins: str
    ends: str
    is_suspended: bool
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
        waiting_proposals=len(queries.list_proposals(actor=actor)),
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
        licences=queries.list_licence_rows(gln=gln, at=timezone.now()),
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
    """The form with which the regulator licenses a partner.

    `?licence=` takes over what a licence statement says, `?suspended=` suspends it (1)
    or returns it (0).
    """
    partner, at = _get(request, gln), timezone.now()
    operations.note_read(
        actor=actor_of(request), action="partners.licence", subject=gln, at=at
    )
    name = request.GET.get("licence", "")
    row = queries.find_licence_row(gln=gln, statement_id=name, at=at)
    if name and row is None:
        raise Http404
    is_suspended = request.GET.get("suspended") == "1"
    known = row.licence if row else None
    page = _licence_page(partner, known, at=at, is_suspended=is_suspended)
    return render(request, "partners/partner_licence.html", {"page": page})


def _licence_page(
    partner: TradingPartner,
    known: Licence | None,
    *,
    at: datetime,
    is_suspended: bool,
) -> LicencePage:
    sites = queries.list_sites(gln=partner.gln)
    prefixes = known.gs1_prefixes if known else _prefixes(partner)
    label = _("Sign and propose the licence")
    if known is not None:
        label = _("Sign and propose to return the licence")
        if is_suspended:
            label = _("Sign and propose to suspend the licence")
    return LicencePage(
        partner=partner,
        role=known.role if known else partner.role,
        roles=_ROLES,
        prefixes="\n".join(sorted(prefixes)),
        sites="\n".join(f"{site.gln} {site.name}" for site in sites),
        scope="\n".join(known.scope) if known else "*",
        begins=_day(known.from_ms) if known else f"{at:%Y-%m-%d}",
        ends=_day(known.to_ms) if known and known.to_ms is not None else "",
        is_suspended=is_suspended,
        wish={"kind": "party.licence", "gln": partner.gln},
        sign=SignPanel(label=label, meaning=_("licenses the party")),
    )


def _prefixes(partner: TradingPartner) -> set[str]:
    current = queries.list_licences(gln=partner.gln)
    return {
        prefix for each in current if each.is_current for prefix in each.gs1_prefixes
    }


def _day(ms: int) -> str:
    """A UTC day if the moment begins one, else the moment itself."""
    return format_time_ms(ms).removesuffix("T00:00:00.000Z")


def _get(request: HttpRequest, gln: str) -> TradingPartner:
    partner = queries.visible_to(actor_of(request)).filter(gln=gln).first()
    if partner is None:
        raise Http404
    return partner
