"""Places that are offered and not yet taken."""

import hashlib
from datetime import datetime

from django.db.models import Exists, OuterRef

from apps.partners.models import Invitation, MemberRole, Membership
from apps.partners.queries.actors import Actor


def list_invitations(*, actor: Actor, at: datetime) -> list[Invitation]:
    """Places that the actor's organisation offers and nobody has taken, oldest first."""
    waiting = Invitation.objects.filter(
        partner=actor.partner, closed_at=None, expires_at__gt=at
    )
    return list(waiting.select_related("invited_by").order_by("created_at"))


def find_invitation(*, secret: str, at: datetime) -> Invitation | None:
    """The open invitation of a link; None once it is used, replaced or expired.

    It ends with the right of whoever wrote it: an administrator who was removed
    comes back by no link of their own.
    """
    inviter = Membership.objects.filter(
        user=OuterRef("invited_by"), partner=OuterRef("partner"), role=MemberRole.ADMIN
    )
    return (
        Invitation.objects.select_related("partner")
        .filter(
            Exists(inviter),
            digest=hashlib.sha256(secret.encode()).hexdigest(),
            closed_at=None,
            expires_at__gt=at,
            invited_by__is_active=True,
        )
        .first()
    )
