"""How people come into an organisation: by a link that they themselves accept.

Nobody is made a member by somebody else: an administrator who made an account for
another organisation's address would otherwise walk in there when it is taken in.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from apps.core.errors import MalformedInput
from apps.partners.models import Invitation, MemberRole, Membership, User
from apps.partners.queries import Actor, find_invitation

_LASTS = timedelta(days=7)


def invite(
    *,
    actor: Actor,
    email: str,
    first_name: str,
    last_name: str,
    role: MemberRole,
    at: datetime,
) -> tuple[Invitation, str]:
    """Offer a place in the actor's organisation; an earlier offer to them ends.

    Nothing depends on whether the address has an account: nobody learns it here.

    Returns:
        The invitation, and its secret, which is known only now.

    Raises:
        MalformedInput: `already_member`.
    """
    if actor.partner is None or actor.user is None:
        raise RuntimeError("only a person of an organisation invites")
    username, secret = email.strip().lower(), secrets.token_urlsafe(32)
    if Membership.objects.filter(
        user__username=username, partner=actor.partner
    ).exists():
        raise MalformedInput("already_member", field="email", got=username)
    with transaction.atomic():
        Invitation.objects.filter(
            partner=actor.partner, username=username, closed_at=None
        ).update(closed_at=at)
        invitation = Invitation.objects.create(
            digest=hashlib.sha256(secret.encode()).hexdigest(),
            partner=actor.partner,
            invited_by=actor.user,
            username=username,
            first_name=first_name,
            last_name=last_name,
            role=role,
            created_at=at,
            expires_at=at + _LASTS,
        )
    return invitation, secret


def withdraw_invitation(*, actor: Actor, invitation_id: int, at: datetime) -> bool:
    """Take an offered place back; False if the actor's organisation offers none such."""
    waiting = Invitation.objects.filter(partner=actor.partner, closed_at=None)
    return waiting.filter(pk=invitation_id).update(closed_at=at) == 1


def accept_as_new(*, secret: str, password: str, at: datetime) -> Invitation:
    """Make the account that was invited, with a password only its owner knows.

    Raises:
        MalformedInput: `no_invitation`; `account_exists`: its owner logs in and
            accepts as that account.
    """
    try:
        with transaction.atomic():
            invitation = _close(secret, at)
            user = User.objects.create_user(
                username=invitation.username,
                email=invitation.username,
                password=password,
                first_name=invitation.first_name,
                last_name=invitation.last_name,
            )
            _take_in(user, invitation)
    except IntegrityError:
        raise MalformedInput("account_exists", field="username") from None
    return invitation


def accept_as(*, secret: str, user: User, at: datetime) -> Invitation:
    """Take the invited place as the account that somebody is logged in as.

    Raises:
        MalformedInput: `no_invitation`; `other_account`: it is for somebody else.
    """
    with transaction.atomic():
        invitation = _close(secret, at)
        if user.username != invitation.username:
            raise MalformedInput("other_account", field="username", got=user.username)
        _take_in(user, invitation)
    return invitation


def _close(secret: str, at: datetime) -> Invitation:
    """The open invitation, closed: of two who accept at once one finds none."""
    invitation = find_invitation(secret=secret, at=at)
    if invitation is not None:
        open_rows = Invitation.objects.filter(pk=invitation.pk, closed_at=None)
        if open_rows.update(closed_at=at) == 1:
            return invitation
    raise MalformedInput("no_invitation", field="secret")


def _take_in(user: User, invitation: Invitation) -> None:
    Membership.objects.get_or_create(
        user=user, partner=invitation.partner, defaults={"role": invitation.role}
    )
