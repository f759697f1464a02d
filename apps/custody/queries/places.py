"""Where the packs of a batch are now, as its reader may know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet, Sum
from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.custody.models import EventLine, ShipmentLine
from apps.custody.queries.attached import verify_attached_lots
from apps.custody.queries.flags import flags_of
from apps.custody.queries.holders import Share, shares
from apps.custody.queries.sight import Sight
from apps.custody.queries.travels import Step
from apps.custody.references import statement_of
from apps.partners.queries.names import partners_by_gln, sites_by_gln

TIERS: Final = ("maker", "transit", "wholesalers", "pharmacies", "supplied", "ended")
_TIER_BY_ROLE: Final = {
    "manufacturer": "maker",
    "pharmacy": "pharmacies",
    "hospital": "pharmacies",
}
_LIVE: Final = ("active", "partially_dispensed")
PASSED_ON: Final = "passed_on"
_COLUMNS: Final = (
    "rule",
    "biz_step",
    "disposition",
    "by",
    "counterparty",
    "accepted_ms",
    "is_inferred",
)


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Units of a batch at one place; `status` is "passed_on" where no more is known.

    Attributes:
        tier: one of `TIERS`, "" for what was passed on.
    """

    holder: str
    holder_name: str
    role: str
    country: str
    site: str
    site_name: str
    status: str
    tier: str
    count: int
    recalled: int
    held: int


def places(*, sight: Sight, gln: str) -> list[PlaceRow]:
    """Where the units are: all of them, or the reader's own and its direct partners'."""
    batch_id = sight.batch.pk
    found = shares(batch_id=batch_id, units=sight.own)
    if not sight.sees_all:
        here = [share for share in found if share.holder == gln]
        kept = BitMap.union(*(share.units for share in here)) if here else BitMap()
        found = [*here, *_passed_on(batch_id, gln, sight.own - kept)]
    rows = _rows(batch_id, found, sees_all=sight.sees_all)
    return sorted(rows, key=lambda row: (_order(row), -row.count, row.holder_name))


def _order(row: PlaceRow) -> int:
    return TIERS.index(row.tier) if row.tier else len(TIERS)


def _passed_on(batch_id: int, gln: str, gone: BitMap) -> list[Share]:
    """Units that left the reader, by the partner that had them from it last."""
    lines = ShipmentLine.objects.filter(batch_id=batch_id, shipment__sender=gln)
    found: dict[str, BitMap] = {}
    for line in lines.select_related("shipment").order_by("-shipment_id"):
        part = (to_set(line.sent) - to_set(line.open_units)) & gone
        gone -= part
        if part:
            to = line.shipment.addressee
            found[to] = found.get(to, BitMap()) | part
    return [Share(batch_id, to, "", PASSED_ON, part) for to, part in found.items()]


def _rows(batch_id: int, found: Iterable[Share], *, sees_all: bool) -> list[PlaceRow]:
    found = list(found)
    partners = partners_by_gln(share.holder for share in found)
    sites = sites_by_gln(share.site for share in found)
    flags = flags_of([batch_id])
    rows = []
    for share in found:
        partner = partners.get(share.holder)
        site = sites.get(share.site)
        is_live = share.status in (*_LIVE, "in_transit", PASSED_ON)
        role = partner.role if partner else ""
        rows.append(
            PlaceRow(
                holder=share.holder,
                holder_name=partner.name if partner else share.holder,
                role=partner.get_role_display() if partner else "",
                country=partner.country if partner else "",
                site=share.site,
                site_name=site.name if site else share.site,
                status=share.status,
                tier=tier_of(status=share.status, role=role),
                count=len(share.units),
                recalled=flags.recalled_of(batch_id, share.units) if is_live else 0,
                held=flags.held_of(batch_id, share.units) if is_live else 0,
            )
        )
    return rows


def tier_of(*, status: str, role: str) -> str:
    """Which part of the bar units in `status` at a partner of `role` belong to."""
    if status == PASSED_ON:
        return ""
    if status == "in_transit":
        return "transit"
    if status == "dispensed":
        return "supplied"
    if status not in _LIVE:
        return "ended"
    return _TIER_BY_ROLE.get(role, "wholesalers")


def batch_steps(
    *, sight: Sight, gln: str, number: str | None, size: int
) -> tuple[list[Step], Page[Any]]:
    """A page of the events that moved units of the batch, the first one first.

    Raises:
        Unavailable: `part_detached`.
    """
    columns = {name: F(f"event__{name}") for name in ("ref", *_COLUMNS)}
    rows = _visible_lines(sight, gln).values("event_id", **columns)
    counted = rows.annotate(total=Sum("count")).order_by("event_id")
    page = Paginator(counted, size).get_page(number)
    if not page:
        verify_attached_lots([sight.batch.pk])
    return [_step(row, sight) for row in page], page


def _visible_lines(sight: Sight, gln: str) -> QuerySet[EventLine]:
    lines = EventLine.objects.filter(batch=sight.batch)
    if sight.sees_all:
        return lines
    # The maker's name stands on the pack; what others did among themselves does not.
    return lines.filter(
        Q(source_holder=gln)
        | Q(target_holder=gln)
        | Q(event__by=gln)
        | Q(event__counterparty=gln)
        | Q(event__rule="commissioning")
    )


def _step(row: Mapping[str, Any], sight: Sight) -> Step:
    is_foreign = not sight.sees_all and row["rule"] == "commissioning"
    return Step(
        statement_id=statement_of(row["ref"]),
        **{name: row[name] for name in _COLUMNS},
        count=None if is_foreign else row["total"],
    )
