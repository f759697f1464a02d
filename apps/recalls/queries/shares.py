"""Where the units of a recall are now, holder by holder, with whom to call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from django.db import connection
from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.edge.reading import AMONG, among, fetch_rows
from apps.partners.models import TradingPartner
from apps.recalls.formats import LIVE, STATUS_WORDS, TIERS, UNACCOUNTED, tier_of
from apps.recalls.models import Answer
from apps.recalls.queries.recalls import Meant

_ORDER: Final = {tier: at for at, tier in enumerate(TIERS)}
# Every place of some lots with its contact: all in one question, since a partner's row
# is asked for once with each of its places.
_ASK: Final = {
    vendor: f"""
SELECT h.batch_id, h.holder, h.site, h.status, COALESCE(p.name, h.holder),
  COALESCE(p.role, ''), COALESCE(p.country, ''), COALESCE(p.contact_name, ''),
  COALESCE(p.address, ''), COALESCE(p.contact_email, ''),
  COALESCE(p.contact_phone, ''), COALESCE(s.name, ''), h.units
FROM custody_holding h
LEFT JOIN partners_tradingpartner p ON p.gln = h.holder
LEFT JOIN partners_site s ON s.gln = h.site
WHERE h.batch_id {is_among} AND h.count > 0
ORDER BY h.batch_id, h.holder, h.site, h.status
"""  # noqa: S608 - words of ours
    for vendor, is_among in AMONG.items()
}


class _Held(NamedTuple):
    """Units of one lot at one place now, and who is there."""

    batch_id: int
    holder: str
    site: str
    status: str
    name: str
    role: str
    country: str
    contact: str
    address: str
    email: str
    phone: str
    site_name: str
    units: BitMap


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


def count_places(meant: Iterable[Meant]) -> int:
    """How many holders have units that are still in the trade."""
    return len({held.holder for held in _places_of(list(meant)) if held.status in LIVE})


def rows_of(
    meant: Iterable[Meant], *, answers: Mapping[tuple[str, int], Answer]
) -> list[AffectedRow]:
    """Every unit of `meant`, by lot, holder, site and status; those in stock first.

    One question, however many lots and holders.
    """
    meant = list(meant)
    by_batch = {each.batch.pk: each for each in meant}
    contacts: dict[str, Contact] = {}
    rows = [
        _row(by_batch[held.batch_id], held, contacts, answers)
        for held in _places_of(meant)
    ]
    rows.sort(key=lambda row: (_ORDER[row.tier], row.holder_name, row.lot))
    return rows


def _places_of(meant: list[Meant]) -> Iterator[_Held]:
    """The shares of the units by place now, each with who holds it."""
    wanted = {
        # What a lot has is all that is asked for: nothing to cut away.
        each.batch.pk: None if len(each.units) == each.batch.size else each.units
        for each in meant
    }
    if not wanted:
        return
    for *columns, stored in fetch_rows(_ASK[connection.vendor], [among(wanted)]):
        held = _Held._make([*columns, to_set(stored)])
        units = wanted[held.batch_id]
        if units is not None:
            held = held._replace(units=held.units & units)
        if held.units:
            yield held


def _row(
    meant: Meant,
    held: _Held,
    contacts: dict[str, Contact],
    answers: Mapping[tuple[str, int], Answer],
) -> AffectedRow:
    batch = meant.batch
    contact = contacts.get(held.holder)
    if contact is None:
        contact = Contact(held.contact, held.address, held.email, held.phone)
        contacts[held.holder] = contact
    return AffectedRow(
        batch_id=batch.pk,
        gtin=batch.product.gtin,
        product=str(batch.product),
        lot=batch.lot,
        expiry_date=batch.expiry_date,
        holder=held.holder,
        holder_name=held.name,
        role=held.role,
        country=held.country,
        site=held.site,
        site_name=held.site_name,
        status=held.status,
        tier=tier_of(role=held.role, status=held.status),
        count=len(held.units),
        contact=contact,
        answer=answers.get((held.holder, batch.pk)),
        units=held.units,
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
