"""Where the units of a recall are now, holder by holder, with whom to call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyroaring import BitMap

from apps.custody.queries.holders import Share, shares
from apps.partners.models import Site, TradingPartner
from apps.partners.queries.names import partners_by_gln, sites_by_gln
from apps.recalls.formats import LIVE, STATUS_WORDS, TIERS, UNACCOUNTED, tier_of
from apps.recalls.models import Answer
from apps.recalls.queries.recalls import Meant


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to reach at a holder."""

    name: str
    address: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class AffectedRow:
    """Units of one lot at one holder, site and status.

    Attributes:
        tier: a key of `formats.TIERS`.
        answer: the holder's last answer about the lot, None while it said nothing.
        units: the ordinals themselves.
    """

    batch_id: int
    gtin: str
    product: str
    lot: str
    expiry_date: date
    holder: str
    holder_name: str
    role: str
    country: str
    site: str
    site_name: str
    status: str
    tier: str
    count: int
    contact: Contact
    answer: Answer | None
    units: BitMap = field(repr=False)

    @property
    def status_words(self) -> str:
        """The status as people say it."""
        return str(STATUS_WORDS.get(self.status, self.status))

    @property
    def state_words(self) -> str:
        """Tier and status as people say them, once where they are the same."""
        tier = str(TIERS[self.tier])
        says_it_all = self.tier in {"in_transit", "supplied"}
        return tier if says_it_all else f"{tier} · {self.status_words}"

    @property
    def is_live(self) -> bool:
        """Whether the holder must still act on the units."""
        return self.status in LIVE


@dataclass(frozen=True, slots=True)
class Tally:
    """How the units of a recall are spread; the tiers sum to `total`."""

    total: int
    tiers: Mapping[str, int]
    holders: int
    unaccounted: int


def places_of(meant: Iterable[Meant]) -> list[Share]:
    """The shares of the units by place now, lot by lot."""
    return [
        share
        for each in meant
        for share in shares(batch_id=each.batch.pk, units=each.units)
    ]


def count_places(meant: Iterable[Meant]) -> int:
    """How many holders have units that are still in the trade."""
    return len({share.holder for share in places_of(meant) if share.status in LIVE})


def rows_of(
    meant: Iterable[Meant], *, answers: Mapping[tuple[str, int], Answer]
) -> list[AffectedRow]:
    """Every unit of `meant`, by lot, holder, site and status; those in stock first."""
    meant = list(meant)
    found = places_of(meant)
    batches = {each.batch.pk: each for each in meant}
    holders = partners_by_gln({share.holder for share in found})
    sites = sites_by_gln({share.site for share in found})
    rows = [
        _row(batches[share.batch_id], share, holders, sites, answers) for share in found
    ]
    order = list(TIERS)
    rows.sort(key=lambda row: (order.index(row.tier), row.holder_name, row.lot))
    return rows


def _row(
    meant: Meant,
    share: Share,
    holders: Mapping[str, TradingPartner],
    sites: Mapping[str, Site],
    answers: Mapping[tuple[str, int], Answer],
) -> AffectedRow:
    batch, holder = meant.batch, holders.get(share.holder)
    site = sites.get(share.site)
    role = holder.role if holder else ""
    return AffectedRow(
        batch_id=batch.pk,
        gtin=batch.product.gtin,
        product=str(batch.product),
        lot=batch.lot,
        expiry_date=batch.expiry_date,
        holder=share.holder,
        holder_name=holder.name if holder else share.holder,
        role=role,
        country=holder.country if holder else "",
        site=share.site,
        site_name=site.name if site else "",
        status=share.status,
        tier=tier_of(role=role, status=share.status),
        count=len(share.units),
        contact=contact_of(holder),
        answer=answers.get((share.holder, batch.pk)),
        units=share.units,
    )


def contact_of(partner: TradingPartner | None) -> Contact:
    """Whom to reach at a partner; empty for one that is not known."""
    if partner is None:
        return Contact("", "", "", "")
    return Contact(
        name=partner.contact_name,
        address=partner.address,
        email=partner.contact_email,
        phone=partner.contact_phone,
    )


def tally(rows: Iterable[AffectedRow]) -> Tally:
    """Count units by tier, holders with units still in the trade, and what is open."""
    rows = list(rows)
    tiers = dict.fromkeys(TIERS, 0)
    for row in rows:
        tiers[row.tier] += row.count
    return Tally(
        total=sum(row.count for row in rows),
        tiers=tiers,
        holders=len({row.holder for row in rows if row.is_live}),
        unaccounted=sum(row.count for row in rows if row.status in UNACCOUNTED),
    )
