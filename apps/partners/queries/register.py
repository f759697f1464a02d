"""The register: partners, their sites and licences."""

from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from apps.core.errors import MalformedInput
from apps.partners.models import Licence, LicenceRole, Site, TradingPartner
from apps.partners.queries.actors import Actor

_HANDLERS = (
    LicenceRole.MANUFACTURER,
    LicenceRole.WHOLESALER,
    LicenceRole.PHARMACY,
    LicenceRole.HOSPITAL,
    LicenceRole.CARRIER,
)


def visible_to(actor: Actor) -> QuerySet[TradingPartner]:
    """Partners whose file `actor` may read: all for the offices, else its own."""
    if actor.sees_register:
        return TradingPartner.objects.all()
    return TradingPartner.objects.filter(gln=actor.gln)


def search_partners(*, actor: Actor, text: str, role: str) -> QuerySet[TradingPartner]:
    """Visible partners by a part of name or GLN, and by shown role; "" is any."""
    partners = visible_to(actor)
    wanted = text.strip().replace("\0", "")
    if wanted:
        partners = partners.filter(Q(name__icontains=wanted) | Q(gln__contains=wanted))
    return partners.filter(role=role) if role in LicenceRole.values else partners


def find_partner(gln: str) -> TradingPartner | None:
    """The partner with this GLN, or None."""
    return TradingPartner.objects.filter(gln=gln).first()


def get_partner(gln: str) -> TradingPartner:
    """The partner with this GLN.

    Raises:
        MalformedInput: `unknown_partner`.
    """
    partner = find_partner(gln)
    if partner is None:
        raise MalformedInput(
            "unknown_partner", field="gln", got=gln, wanted="an admitted partner"
        )
    return partner


def names_of_glns(glns: set[str]) -> dict[str, str]:
    """The names of partners by GLN; unknown ones are left out."""
    rows = TradingPartner.objects.filter(gln__in=glns)
    return dict(rows.values_list("gln", "name"))


def find_site(gln: str) -> Site | None:
    """The site with this GLN with its partner, or None."""
    return Site.objects.select_related("partner").filter(gln=gln).first()


def list_sites(*, gln: str) -> list[Site]:
    """A partner's sites, the first admitted first."""
    return list(Site.objects.filter(partner__gln=gln).order_by("id"))


def licences_at(*, gln: str, ms: int) -> list[Licence]:
    """The licences of a partner in force at `ms`: current, begun, not over or suspended."""
    return list(_in_force(ms).filter(partner__gln=gln).order_by("role"))


def list_addressees(*, at: datetime) -> list[TradingPartner]:
    """Who goods may be sent to now: partners with a licence in force, and their sites.

    Names and addresses of licence holders are public in the trade; nothing else of
    them is shown.
    """
    in_force = _in_force(int(at.timestamp() * 1000)).filter(role__in=_HANDLERS)
    return list(
        TradingPartner.objects.filter(licences__in=in_force)
        .distinct()
        .order_by("name")
        .prefetch_related(Prefetch("sites", Site.objects.order_by("id")))
    )


def list_licences(*, gln: str) -> list[Licence]:
    """Every licence statement about a partner, the latest first."""
    return list(
        Licence.objects.filter(partner__gln=gln).order_by("-accepted_ms", "-id")
    )


def _in_force(ms: int) -> QuerySet[Licence]:
    begun = Q(from_ms__lte=ms) & (Q(to_ms=None) | Q(to_ms__gt=ms))
    return Licence.objects.filter(begun, is_current=True, is_suspended=False)
