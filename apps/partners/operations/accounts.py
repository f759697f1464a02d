"""Account data: people's places, tokens, and who read what."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from apps.core.errors import MalformedInput
from apps.partners.models import (
    ApiToken,
    MemberRole,
    Membership,
    ReadAudit,
    TradingPartner,
    User,
)
from apps.partners.queries import Actor

_SHORTEST_PAUSE = timedelta(minutes=1)
_SUBJECT_CHARACTERS = 400


def create_token(
    *, actor: Actor, name: str, role: MemberRole, at: datetime
) -> tuple[ApiToken, str]:
    """Make a token for the actor's organisation; the text is known only now.

    Raises:
        MalformedInput: `role_too_strong`: nobody hands out more than they have.
    """
    if actor.partner is None or actor.user is None:
        raise RuntimeError("a token needs an organisation and a person")
    if role.strength > MemberRole(actor.role).strength:
        raise MalformedInput(
            "role_too_strong", field="role", got=role.value, wanted=actor.role
        )
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        prefix=prefix,
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        partner=actor.partner,
        user=actor.user,
        role=role,
        name=name,
        created_at=at,
    )
    return token, f"pt_{prefix}_{secret}"


def revoke_token(*, actor: Actor, token_id: int, at: datetime) -> bool:
    """End a token of the actor's organisation; False if there is none to end."""
    ended = ApiToken.objects.filter(
        pk=token_id, partner=actor.partner, revoked_at=None
    ).update(revoked_at=at)
    return ended == 1


def touch_token(*, token: ApiToken, at: datetime) -> None:
    """Note that a token was used; at most one write a minute."""
    if token.last_used_at is None or at - token.last_used_at > _SHORTEST_PAUSE:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)


def set_member(*, partner: TradingPartner, user: User, role: MemberRole) -> Membership:
    """Give a person a place in an organisation, or another role there."""
    membership, _is_new = Membership.objects.update_or_create(
        user=user, partner=partner, defaults={"role": role}
    )
    return membership


def set_contact(
    *, partner: TradingPartner, address: str, name: str, email: str, phone: str
) -> None:
    """Whom to reach at a partner, in a recall for one; account data, not signed."""
    TradingPartner.objects.filter(pk=partner.pk).update(
        address=address, contact_name=name, contact_email=email, contact_phone=phone
    )


def record_read(
    *, actor: Actor, action: str, subject: str, at: datetime, outcome: str = ""
) -> None:
    """Write down that something was read: what was asked, never the answer."""
    ReadAudit.objects.create(
        partner=actor.partner,
        user=actor.user,
        at=at,
        action=action,
        subject=subject[:_SUBJECT_CHARACTERS],
        outcome=outcome,
    )


def note_read(*, actor: Actor, action: str, subject: str, at: datetime) -> None:
    """A regulator sees everything, and every such read is written down."""
    if actor.is_regulator:
        record_read(actor=actor, action=action, subject=subject, at=at)


def add_admin(*, partner: TradingPartner, email: str, signer: str) -> str:
    """The account of an organisation's first administrator; its first password.

    Args:
        signer: the id under which the person's key is admitted.
    """
    username, password = email.strip().lower(), secrets.token_urlsafe(12)
    with transaction.atomic():
        user = User.objects.create_user(
            username=username, email=username, password=password, signer=signer
        )
        set_member(partner=partner, user=user, role=MemberRole.ADMIN)
    return password


def remove_person(*, actor: Actor, user_id: int, at: datetime) -> bool:
    """Take a person's place in the actor's organisation away; False if there is none.

    The tokens they made for it end with it; their keys stay until they are revoked by
    a signed statement.

    Raises:
        MalformedInput: `own_place`: an admin cannot lock themselves out.
    """
    if actor.user is not None and actor.user.pk == user_id:
        raise MalformedInput(
            "own_place", field="user", wanted="another administrator removes you"
        )
    with transaction.atomic():
        ApiToken.objects.filter(
            user_id=user_id, partner=actor.partner, revoked_at=None
        ).update(revoked_at=at)
        removed, _by_model = Membership.objects.filter(
            user_id=user_id, partner=actor.partner
        ).delete()
    return removed > 0
