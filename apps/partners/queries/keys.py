"""Signing keys and the requests for new ones."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.core.strict import format_base64
from apps.partners.models import KeyRequest, MemberRole, SigningKey
from apps.partners.queries.actors import Actor


def keys_visible_to(actor: Actor) -> QuerySet[SigningKey]:
    """Keys whose history `actor` may read: all for the offices, else its own."""
    keys = SigningKey.objects.select_related("partner")
    return keys if actor.sees_register else keys.filter(partner__gln=actor.gln)


def requests_visible_to(actor: Actor) -> QuerySet[KeyRequest]:
    """Open requests of the actor's organisation: all for its admin, else its own."""
    requests = KeyRequest.objects.filter(partner__gln=actor.gln, closed_at=None)
    return requests if actor.can_administer else requests.filter(user=actor.user)


def list_keys(keyids: Iterable[str]) -> list[SigningKey]:
    """The enrolled keys among `keyids`, with their partners, by keyid."""
    return list(
        SigningKey.objects.select_related("partner")
        .filter(keyid__in=list(keyids))
        .order_by("keyid")
    )


def find_key(keyid: str) -> SigningKey | None:
    """The enrolled key with this keyid, with its partner, or None."""
    return SigningKey.objects.select_related("partner").filter(keyid=keyid).first()


def list_partner_keys(*, gln: str) -> list[SigningKey]:
    """Every key a partner ever had, those in use first, the latest first."""
    return list(
        SigningKey.objects.filter(partner__gln=gln).order_by(
            "revoked_ms", "-enrolled_ms"
        )
    )


@dataclass(frozen=True, slots=True)
class Passkey:
    """What a browser must know to ask an authenticator for a signature."""

    keyid: str
    credential_id: str
    label: str
    spki_b64: str


def list_own_keys(*, actor: Actor) -> list[SigningKey]:
    """Every key that was ever enrolled for this person here, those in use first."""
    if actor.user is None or actor.partner is None:
        return []
    keys = SigningKey.objects.filter(partner=actor.partner, signer=actor.user.signer)
    return list(keys.order_by("revoked_ms", "-enrolled_ms"))


def list_own_passkeys(*, actor: Actor) -> list[Passkey]:
    """The passkeys that sign for this person in this organisation now.

    A credential id is known where its request came through this site.
    """
    own = {key.keyid: key for key in list_own_keys(actor=actor)}
    asked = KeyRequest.objects.filter(keyid__in=list(own)).exclude(credential_id="")
    return [
        Passkey(
            keyid=each.keyid,
            credential_id=each.credential_id,
            label=each.label,
            spki_b64=format_base64(bytes(own[each.keyid].spki)),
        )
        for each in asked.order_by("-created_at")
        if own[each.keyid].revoked_ms is None
    ]


def list_own_keyids(*, actor: Actor) -> list[str]:
    """The keys that sign for this person in this organisation now."""
    if actor.user is None or actor.partner is None:
        return []
    keys = SigningKey.objects.filter(
        partner=actor.partner, signer=actor.user.signer, revoked_ms=None
    ).exclude(role=MemberRole.MEMBER)
    return list(keys.order_by("keyid").values_list("keyid", flat=True))
