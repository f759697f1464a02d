"""The page of one's own organisation: people, keys, licences, tokens."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import MalformedInput
from apps.partners import operations, queries
from apps.partners.authentication import (
    SESSION_KEY,
    actor_of,
    admin_required,
    member_required,
)
from apps.partners.forms import PersonForm, TokenForm
from apps.partners.models import (
    ApiToken,
    Invitation,
    MemberRole,
    Membership,
    Site,
    TradingPartner,
)
from apps.partners.queries import Actor, KeyRow, LicenceRow
from apps.partners.views.invitations import link_of, mail_link


@dataclass(frozen=True, slots=True)
class OrganisationPage:
    """What the page shows; `secret` and `link` are shown this once only."""

    partner: TradingPartner
    sites: list[Site]
    people: list[Membership]
    invitations: list[Invitation]
    keys: list[KeyRow]
    licences: list[LicenceRow]
    tokens: list[ApiToken]
    others: list[TradingPartner]
    can_administer: bool
    waiting_requests: int
    suspects: int
    token_form: TokenForm
    person_form: PersonForm
    secret: str = ""
    link: str = ""
    invited: str = ""


@require_safe
@member_required
def organisation(request: HttpRequest) -> HttpResponse:
    """The organisation of the person who asks."""
    return _show(request)


@require_POST
@admin_required
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its text, this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _show(request, token_form=form, status=400)
    _token, secret = operations.create_token(
        actor=actor_of(request),
        name=form.cleaned_data["name"],
        role=MemberRole(form.cleaned_data["role"]),
        at=timezone.now(),
    )
    return _show(request, secret=secret)


@require_POST
@admin_required
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token of the organisation."""
    if not operations.revoke_token(
        actor=actor_of(request), token_id=token_id, at=timezone.now()
    ):
        raise Http404
    messages.success(request, _("The token is revoked. It is refused from now on."))
    return redirect("organisation")


@require_POST
@admin_required
def invite(request: HttpRequest) -> HttpResponse:
    """Offer somebody a place; the link with which they take it is shown this once."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _show(request, person_form=form, status=400)
    try:
        invitation, secret = operations.invite(
            actor=actor_of(request),
            email=form.cleaned_data["email"],
            first_name=form.cleaned_data["first_name"],
            last_name=form.cleaned_data["last_name"],
            role=MemberRole(form.cleaned_data["role"]),
            at=timezone.now(),
        )
    except MalformedInput:
        form.add_error("email", _("This person belongs to the organisation already."))
        return _show(request, person_form=form, status=400)
    link = link_of(secret)
    mail_link(invitation, link)
    return _show(request, link=link, invited=invitation.username)


@require_POST
@admin_required
def withdraw_invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Take an offered place back: its link opens nothing from then on."""
    if not operations.withdraw_invitation(
        actor=actor_of(request), invitation_id=invitation_id, at=timezone.now()
    ):
        raise Http404
    messages.success(request, _("Withdrawn. Its link opens nothing any more."))
    return redirect("organisation")


@require_POST
@admin_required
def remove_person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take a person's place away."""
    if not operations.remove_person(
        actor=actor_of(request), user_id=user_id, at=timezone.now()
    ):
        raise Http404
    messages.success(
        request, _("Removed. Revoke the person's keys too: they still sign.")
    )
    return redirect("organisation")


@require_POST
@member_required
def choose_organisation(request: HttpRequest) -> HttpResponseRedirect:
    """Act for another of one's organisations from now on."""
    wanted = request.POST.get("gln", "")
    user = actor_of(request).user
    mine = queries.list_memberships(user=user) if user else []
    if wanted not in {membership.partner.gln for membership in mine}:
        raise Http404
    request.session[SESSION_KEY] = wanted
    return HttpResponseRedirect("/")


def _show(
    request: HttpRequest,
    *,
    token_form: TokenForm | None = None,
    person_form: PersonForm | None = None,
    secret: str = "",
    link: str = "",
    invited: str = "",
    status: int = 200,
) -> HttpResponse:
    actor = actor_of(request)
    if actor.partner is None:
        raise Http404
    gln, at = actor.gln, timezone.now()
    page = OrganisationPage(
        partner=actor.partner,
        sites=queries.list_sites(gln=gln),
        people=queries.list_people(actor=actor),
        invitations=queries.list_invitations(actor=actor, at=at)
        if actor.can_administer
        else [],
        keys=queries.list_key_rows(gln=gln, actor=actor),
        licences=queries.list_licence_rows(gln=gln, at=at),
        tokens=queries.list_tokens(actor=actor),
        others=_others(actor),
        can_administer=actor.can_administer,
        waiting_requests=queries.requests_visible_to(actor).count(),
        suspects=queries.count_suspect(actor=actor),
        token_form=token_form or TokenForm(),
        person_form=person_form or PersonForm(),
        secret=secret,
        link=link,
        invited=invited,
    )
    response = render(
        request, "partners/organisation_detail.html", {"page": page}, status=status
    )
    if secret or link:
        response["Cache-Control"] = "no-store"
    return response


def _others(actor: Actor) -> list[TradingPartner]:
    if actor.user is None:
        return []
    memberships = queries.list_memberships(user=actor.user)
    return [each.partner for each in memberships if each.partner != actor.partner]
