"""Partners and sites by GLN, for lists that name several of them."""

from collections.abc import Iterable

from apps.partners.models import Site, TradingPartner


def partners_by_gln(glns: Iterable[str]) -> dict[str, TradingPartner]:
    """The admitted partners among `glns`, in one query; unknown ones are absent."""
    wanted = sorted(set(glns) - {""})
    return TradingPartner.objects.in_bulk(wanted, field_name="gln") if wanted else {}


def sites_by_gln(glns: Iterable[str]) -> dict[str, Site]:
    """The sites among `glns`, in one query; unknown ones are absent."""
    wanted = sorted(set(glns) - {""})
    return Site.objects.in_bulk(wanted, field_name="gln") if wanted else {}
