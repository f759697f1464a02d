"""The page behind the link of an invitation, and the mail that carries it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.core.errors import MalformedInput
from apps.partners import operations, queries
from apps.partners.authentication import SESSION_KEY
from apps.partners.models import Invitation, User

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """What is offered; the form is for those without an account.

    It says the same whether the address has one: links are handed over by
    administrators, who are told nothing of other people's accounts.
    """

    invitation: Invitation
    login: str
    form: SetPasswordForm[User]
    is_own: bool


def link_of(secret: str) -> str:
    """The address with which somebody takes the place that they were offered."""
    return f"{settings.SITE_URL}{reverse('invitation', args=[secret])}"


def mail_link(invitation: Invitation, link: str) -> None:
    """Send the link where a mail server is set; it is also shown, so none may fail."""
    if not settings.SENDS_MAIL:
        return
    name = invitation.partner.name
    try:
        send_mail(
            _("Your place at %(name)s") % {"name": name},
            _("%(name)s offers you a place. Open this link to take it:")
            % {"name": name}
            + f"\n\n{link}\n",
            None,
            [invitation.username],
        )
    except OSError:
        logger.warning("The mail with an invitation was not sent", exc_info=True)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Take an offered place: logged in as oneself, or with a new password."""
    found = queries.find_invitation(secret=secret, at=timezone.now())
    if found is None:
        raise Http404
    if request.method != "POST":
        return _show(request, found, SetPasswordForm(_account_of(found)))
    if isinstance(request.user, User):
        return _accept_as(request, secret, request.user)
    return _accept_as_new(request, secret, found)


def _accept_as(request: HttpRequest, secret: str, user: User) -> HttpResponse:
    taken = operations.accept_as(secret=secret, user=user, at=timezone.now())
    request.session[SESSION_KEY] = taken.partner.gln
    messages.success(request, _("You belong to the organisation now."))
    return redirect("organisation")


def _accept_as_new(
    request: HttpRequest, secret: str, found: Invitation
) -> HttpResponse:
    form = SetPasswordForm(_account_of(found), request.POST)
    if not form.is_valid():
        return _show(request, found, form, status=400)
    password = form.cleaned_data["new_password1"]
    try:
        operations.accept_as_new(secret=secret, password=password, at=timezone.now())
    except MalformedInput as error:
        if error.code != "account_exists":
            raise
        form.add_error(None, _("You have an account: sign in, then accept."))
        return _show(request, found, form, status=400)
    messages.success(request, _("Your account is made. Sign in with your password."))
    return redirect("account_login")


def _account_of(found: Invitation) -> User:
    """The account as it would be, not saved: a password may not resemble its names."""
    return User(
        username=found.username,
        email=found.username,
        first_name=found.first_name,
        last_name=found.last_name,
    )


def _show(
    request: HttpRequest,
    found: Invitation,
    form: SetPasswordForm[User],
    status: int = 200,
) -> HttpResponse:
    page = InvitationPage(
        invitation=found,
        login=f"{reverse('account_login')}?next={request.path}",
        form=form,
        is_own=request.user.get_username() == found.username,
    )
    return render(request, "partners/invitation.html", {"page": page}, status=status)
