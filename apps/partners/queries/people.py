"""People of an organisation, and its tokens."""

from apps.partners.models import ApiToken, Membership, User
from apps.partners.queries.actors import Actor


def list_people(*, actor: Actor) -> list[Membership]:
    """Who belongs to the actor's organisation, by name."""
    return list(
        Membership.objects.filter(partner=actor.partner)
        .select_related("user")
        .order_by("user__last_name", "user__first_name", "user__username")
    )


def list_tokens(*, actor: Actor) -> list[ApiToken]:
    """The organisation's tokens, those in use first, the newest first."""
    return list(
        ApiToken.objects.filter(partner=actor.partner)
        .select_related("user")
        .order_by("revoked_at", "-created_at")
    )


def names_of(signers: set[str]) -> dict[str, str]:
    """The names of the people behind signer ids that have an account here."""
    people = User.objects.filter(signer__in=signers)
    return {user.signer: display_name(user) for user in people}


def display_name(user: User) -> str:
    """First and last name, else the login name."""
    return user.get_full_name() or user.get_username()
