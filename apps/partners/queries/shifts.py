"""Shifts: whose voice which device has now, and the delegation that begins one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.delegation import Delegation, build_delegation
from apps.core.encoding import format_time_ms
from apps.core.envelope import DELEGATION_TYPE
from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.core.party_bodies import read_key
from apps.core.signing import WEBAUTHN_ES256
from apps.core.strict import format_base64
from apps.ledger.formats import as_ms
from apps.partners.formats import as_datetime
from apps.partners.models import MemberRole, Shift, SigningKey
from apps.partners.queries.actors import Actor
from apps.partners.queries.genesis import get_genesis
from apps.partners.queries.names import sites_by_gln
from apps.partners.queries.people import display_name
from apps.partners.queries.register import list_sites
from apps.partners.queries.wishes import composed

LONGEST_HOURS = 12


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift as pages show it."""

    shift: Shift
    person: str
    site: str

    @property
    def until(self) -> datetime:
        """When it ends by itself."""
        return as_datetime(self.shift.to_ms)


@dataclass(frozen=True, slots=True)
class DelegationDraft:
    """The exact bytes that a key signs to lend its voice, and the sentence."""

    payload: bytes
    words: str

    def as_json(self) -> dict[str, Any]:
        """The answer to a script that asks what to sign."""
        return {
            "payload_type": DELEGATION_TYPE,
            "payload": format_base64(self.payload),
            "words": self.words,
        }


def draft_delegation(
    *, wish: dict[str, Any], actor: Actor, at: datetime
) -> DelegationDraft:
    """A delegation to a device key: spki_b64, alg, site, hours (1 to 12).

    Raises:
        MalformedInput: `unfit_key_type`: a passkey is nobody's device key;
            `site_unknown`; or a field that its value cannot hold.
    """
    fields = Fields(composed(wish), where="")
    key, site = read_key(fields), fields.gln("site")
    hours = fields.integer("hours", least=1, most=LONGEST_HOURS)
    fields.close()
    if key.alg == WEBAUTHN_ES256:
        raise MalformedInput(
            "unfit_key_type", field="alg", got=key.alg, wanted="a key of this device"
        )
    names = {each.gln: each.name for each in list_sites(gln=actor.gln)}
    if site not in names or actor.user is None:
        raise MalformedInput(
            "site_unknown", field="site", got=site, wanted="a site of yours"
        )
    delegation = Delegation(
        ledger=get_genesis().origin,
        by=actor.gln,
        signer=actor.user.signer,
        role=MemberRole.SIGNER,
        site=site,
        key=key,
        from_ms=as_ms(at),
        to_ms=as_ms(at + timedelta(hours=hours)),
    )
    words = ngettext(
        "For %(n)d hour, until %(until)s, this device signs for %(person)s at %(site)s.",
        "For %(n)d hours, until %(until)s, this device signs for %(person)s at %(site)s.",
        hours,
    ) % {
        "n": hours,
        "until": _until(delegation.to_ms),
        "person": display_name(actor.user),
        "site": names[site],
    }
    return DelegationDraft(payload=build_delegation(delegation), words=words)


def shifts_visible_to(actor: Actor) -> QuerySet[Shift]:
    """Shifts of the actor's organisation: all for its admin, else their own."""
    shifts = Shift.objects.filter(partner__gln=actor.gln)
    return shifts if actor.can_administer else shifts.filter(user=actor.user)


def find_running_shift(*, shift_id: int, actor: Actor, at: datetime) -> ShiftRow | None:
    """The actor's own shift with this number while it runs, else None."""
    own = shifts_visible_to(actor).filter(user=actor.user, pk=shift_id)
    return next(iter(_running(own, at)), None)


def list_running_shifts(*, actor: Actor, at: datetime) -> list[ShiftRow]:
    """Shifts that run now, as far as the actor sees them, the latest first."""
    return _running(shifts_visible_to(actor), at)


def _running(shifts: QuerySet[Shift], at: datetime) -> list[ShiftRow]:
    found = shifts.filter(ended_at=None, to_ms__gt=as_ms(at))
    rows = list(found.select_related("user").order_by("-from_ms"))
    # A shift is over with the key that lent its voice.
    lenders = SigningKey.objects.filter(keyid__in={row.lender_keyid for row in rows})
    signing = set(lenders.filter(revoked_ms=None).values_list("keyid", flat=True))
    sites = sites_by_gln(row.site for row in rows)
    return [
        ShiftRow(
            shift=row,
            person=display_name(row.user),
            site=sites[row.site].name if row.site in sites else row.site,
        )
        for row in rows
        if row.lender_keyid in signing
    ]


def _until(ms: int) -> str:
    return _("%(time)s UTC") % {"time": format_time_ms(ms)[:16].replace("T", " ")}
