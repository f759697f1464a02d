"""Partners as the law of custody reads them."""

from collections.abc import Iterable

from apps.core.custody import Licence as LawLicence
from apps.core.custody import Party
from apps.partners.models import Licence, Site


def law_party(gln: str) -> Party:
    """A partner with its current licences and its sites; an unknown one has neither."""
    return law_parties([gln])[gln]


def law_parties(glns: Iterable[str]) -> dict[str, Party]:
    """As `law_party`, for several partners in two queries."""
    wanted = sorted(set(glns))
    licences: dict[str, list[LawLicence]] = {gln: [] for gln in wanted}
    sites: dict[str, set[str]] = {gln: set() for gln in wanted}
    rows = Licence.objects.filter(partner__gln__in=wanted, is_current=True)
    for row in rows.select_related("partner").order_by("id"):
        licences[row.partner.gln].append(_law_licence(row))
    places = Site.objects.filter(partner__gln__in=wanted)
    for owner, place in places.values_list("partner__gln", "gln"):
        sites[owner].add(place)
    return {
        gln: Party(gln=gln, licences=tuple(licences[gln]), sites=frozenset(sites[gln]))
        for gln in wanted
    }


def _law_licence(row: Licence) -> LawLicence:
    return LawLicence(
        role=row.role,
        gs1_prefixes=tuple(row.gs1_prefixes),
        scope=tuple(row.scope),
        from_ms=row.from_ms,
        to_ms=row.to_ms,
        is_suspended=row.is_suspended,
    )
