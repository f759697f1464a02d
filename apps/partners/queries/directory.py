"""Partners and sites by their GLNs, many at once."""

from collections.abc import Iterable

from apps.partners.models import Site, TradingPartner

_AT_ONCE = 900


def partners_by_gln(glns: Iterable[str]) -> dict[str, TradingPartner]:
    """The partners with these GLNs; unknown ones are absent."""
    return {
        partner.gln: partner
        for part in _parts(glns)
        for partner in TradingPartner.objects.filter(gln__in=part)
    }


def sites_by_gln(glns: Iterable[str]) -> dict[str, Site]:
    """The sites with these GLNs; unknown ones are absent."""
    return {
        site.gln: site
        for part in _parts(glns)
        for site in Site.objects.filter(gln__in=part)
    }


def _parts(glns: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(set(glns) - {""})
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
