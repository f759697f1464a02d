"""Where the units of a recall are now, holder by holder, with whom to call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from operator import itemgetter
from typing import Any, Final, overload

from django.db import connection
from pyroaring import BitMap
from typing_extensions import override

from apps.catalog.models import Batch
from apps.custody.formats import to_set
from apps.edge.reading import AMONG, among, fetch_rows
from apps.partners.models import TradingPartner
from apps.recalls.formats import LIVE, STATUS_WORDS, TIERS, UNACCOUNTED, tier_of
from apps.recalls.models import Answer
from apps.recalls.queries.recalls import Meant

# A place as it comes: batch, holder, site, status, count, name, role, country; then
# contact, address, email, phone, name of the site, units.
_Place = tuple[Any, ...]
_BATCH, _HOLDER, _SITE, _STATUS, _COUNT, _NAME, _ROLE = range(7)
# Every place of some lots with its contact: all in one question, since a partner's row
# is asked for once with each of its places.
_ASK: Final = {
    vendor: f"""
SELECT h.batch_id, h.holder, h.site, h.status, h.count, COALESCE(p.name, h.holder),
  COALESCE(p.role, ''), COALESCE(p.country, ''), COALESCE(p.contact_name, ''),
  COALESCE(p.address, ''), COALESCE(p.contact_email, ''),
  COALESCE(p.contact_phone, ''), COALESCE(s.name, ''), h.units
FROM custody_holding h
LEFT JOIN partners_tradingpartner p ON p.gln = h.holder
LEFT JOIN partners_site s ON s.gln = h.site
WHERE h.batch_id {is_among} AND h.count > 0
"""  # noqa: S608 - words of ours
    for vendor, is_among in AMONG.items()
}


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


class AffectedRows(Sequence[AffectedRow]):
    """Units by lot, holder, site and status; those in stock first.

    There may be many thousand, of which a page shows some hundred: a row is made when
    it is taken, what is counted and sorted by is read from the places as they came.
    """

    def __init__(
        self,
        places: list[_Place],
        lots: Mapping[int, Batch],
        answers: Mapping[tuple[str, int], Answer],
    ) -> None:
        self._places, self._lots, self._answers = places, lots, answers

    @override
    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> AffectedRow: ...

    @overload
    def __getitem__(self, at: slice) -> list[AffectedRow]: ...

    @override
    def __getitem__(self, at: int | slice) -> AffectedRow | list[AffectedRow]:
        if isinstance(at, slice):
            return [self._row(place) for place in self._places[at]]
        return self._row(self._places[at])

    def of_holder(self, gln: str) -> AffectedRows:
        """The rows of one holder alone."""
        own = [place for place in self._places if place[_HOLDER] == gln]
        return AffectedRows(own, self._lots, self._answers)

    def tally(self) -> Tally:
        """Count units by tier, holders with units in the trade, and what is open."""
        counts: dict[tuple[str, str], int] = {}
        for place in self._places:
            kind = (place[_ROLE], place[_STATUS])
            counts[kind] = counts.get(kind, 0) + place[_COUNT]
        tiers = dict.fromkeys(TIERS, 0)
        for (role, status), count in counts.items():
            tiers[tier_of(role=role, status=status)] += count
        holders = {p[_HOLDER] for p in self._places if p[_STATUS] in LIVE}
        return Tally(
            total=sum(counts.values()),
            tiers=tiers,
            holders=len(holders),
            unaccounted=sum(n for (_, at), n in counts.items() if at in UNACCOUNTED),
        )

    def _row(self, place: _Place) -> AffectedRow:
        batch_id, holder, site, status, count, name, role, country, *rest = place
        *contact, site_name, units = rest
        batch = self._lots[batch_id]
        return AffectedRow(
            batch_id=batch_id,
            gtin=batch.product.gtin,
            product=str(batch.product),
            lot=batch.lot,
            expiry_date=batch.expiry_date,
            holder=holder,
            holder_name=name,
            role=role,
            country=country,
            site=site,
            site_name=site_name,
            status=status,
            tier=tier_of(role=role, status=status),
            count=count,
            contact=Contact(*contact),
            answer=self._answers.get((holder, batch_id)),
            units=units if isinstance(units, BitMap) else to_set(units),
        )


def count_places(meant: Iterable[Meant]) -> int:
    """How many holders have units that are still in the trade."""
    return rows_of(meant, answers={}).tally().holders


def rows_of(
    meant: Iterable[Meant], *, answers: Mapping[tuple[str, int], Answer]
) -> AffectedRows:
    """Every unit of `meant`: one question, however many lots and holders."""
    meant = list(meant)
    lots = {each.batch.pk: each.batch for each in meant}
    places = _places_of(meant)
    if len(lots) > 1:
        places.sort(key=lambda p: (p[_NAME], lots[p[_BATCH]].lot, p[:_COUNT]))
    else:
        places.sort(key=itemgetter(_NAME, _HOLDER, _SITE, _STATUS))
    by_tier: dict[str, list[_Place]] = {tier: [] for tier in TIERS}
    kinds: dict[tuple[str, str], list[_Place]] = {}
    for place in places:
        kind = (place[_ROLE], place[_STATUS])
        if kind not in kinds:
            kinds[kind] = by_tier[tier_of(role=kind[0], status=kind[1])]
        kinds[kind].append(place)
    return AffectedRows(list(chain.from_iterable(by_tier.values())), lots, answers)


def _places_of(meant: list[Meant]) -> list[_Place]:
    """The shares of the units by place now, each with who holds it."""
    # All of a lot is meant by most questions: its places need no cutting.
    parts = {m.batch.pk: m.units for m in meant if len(m.units) < m.batch.size}
    batch_ids = [each.batch.pk for each in meant]
    if not batch_ids:
        return []
    found = fetch_rows(_ASK[connection.vendor], [among(batch_ids)])
    return found if not parts else list(_cut(found, parts))


def _cut(found: Iterable[_Place], parts: Mapping[int, BitMap]) -> Iterator[_Place]:
    for place in found:
        part = parts.get(place[_BATCH])
        if part is None:
            yield place
        elif units := to_set(place[-1]) & part:
            yield (*place[:_COUNT], len(units), *place[_NAME:-1], units)


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
