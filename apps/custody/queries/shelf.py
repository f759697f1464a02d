"""What a partner has, as rows of the pages: stock, loose packs, cases to ship."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Prefetch, Q, QuerySet
from pyroaring import BitMap

from apps.custody.formats import to_set
from apps.custody.models import Container, ContainerLine, Holding
from apps.custody.queries.flags import Flags, flags_of, own_holds
from apps.custody.queries.registry import serials_of
from apps.partners.queries.names import sites_by_gln

IN_STOCK: Final = ("active", "partially_dispensed")
UNDER_WAY: Final = ("in_transit",)
_MOST_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True)
class StockRow:
    """Units of one batch at one site in one status.

    Attributes:
        loose: how many stand in no container; None where nobody asked.
        recalled, held: how many of them, else of `count`, are recalled or on hold.
    """

    batch_id: int
    gtin: str
    product: str
    lot: str
    expiry_date: date
    holder: str
    site: str
    site_name: str
    status: str
    count: int
    recalled: int
    held: int
    loose: int | None = None


@dataclass(frozen=True, slots=True)
class BoxLot:
    """One batch inside a container."""

    gtin: str
    product: str
    lot: str
    expiry_date: date
    count: int


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A container that stands free, with what is inside."""

    epc: str
    lots: tuple[BoxLot, ...]
    recalled: int
    held: int

    @property
    def count(self) -> int:
        """Packs inside."""
        return sum(lot.count for lot in self.lots)

    @property
    def expiry_date(self) -> date | None:
        """The soonest of the lots inside."""
        return min((lot.expiry_date for lot in self.lots), default=None)


@dataclass(frozen=True, slots=True)
class HeldPack:
    """A pack that its holder put on hold itself, for this reason."""

    gtin: str
    product: str
    lot: str
    serial: str
    expiry_date: date
    site: str
    reason: str


def holdings(
    *, gln: str, statuses: Iterable[str], text: str = "", site: str = ""
) -> QuerySet[Holding]:
    """A partner's holdings, soonest expiry first; `text` is part of product or lot."""
    rows = Holding.objects.filter(holder=gln, status__in=list(statuses), count__gt=0)
    wanted = text.strip()[:_MOST_CHARACTERS]
    if site:
        rows = rows.filter(site=site)
    if wanted:
        rows = rows.filter(
            Q(batch__lot__icontains=wanted)
            | Q(batch__product__name__icontains=wanted)
            | Q(batch__product__gtin__contains=wanted)
        )
    return rows.select_related("batch__product").order_by(
        "batch__expiry_date", "batch__product__name", "batch__lot", "site", "status"
    )


def stock_rows(rows: Sequence[Holding]) -> list[StockRow]:
    """The holdings with flags and names, in their order, in a few queries."""
    flags, names = flags_of(row.batch_id for row in rows), _site_names(rows)
    return [_stock_row(row, flags, names) for row in rows]


def _site_names(rows: Iterable[Holding]) -> dict[str, str]:
    sites = sites_by_gln(row.site for row in rows)
    return {gln: site.name for gln, site in sites.items()}


def _stock_row(
    row: Holding, flags: Flags, names: dict[str, str], loose: BitMap | None = None
) -> StockRow:
    units = to_set(row.units) if loose is None else loose
    return StockRow(
        batch_id=row.batch_id,
        gtin=row.batch.product.gtin,
        product=str(row.batch.product),
        lot=row.batch.lot,
        expiry_date=row.batch.expiry_date,
        holder=row.holder,
        site=row.site,
        site_name=names.get(row.site, row.site),
        status=row.status,
        count=row.count,
        recalled=flags.recalled_of(row.batch_id, units),
        held=flags.held_of(row.batch_id, units),
        loose=None if loose is None else len(loose),
    )


def loose_stock(*, gln: str, site: str = "", text: str = "") -> list[StockRow]:
    """Lots of which packs stand in no container, with how many."""
    rows = list(holdings(gln=gln, statuses=("active",), site=site, text=text))
    inside = _inside(rows)
    flags, names = flags_of(row.batch_id for row in rows), _site_names(rows)
    counted = (
        (row, to_set(row.units) - inside.get(row.batch_id, BitMap())) for row in rows
    )
    return [_stock_row(row, flags, names, loose) for row, loose in counted if loose]


def _inside(rows: Iterable[Holding]) -> dict[int, BitMap]:
    """Units in containers that stand free at these holdings' holder, by batch row."""
    rows = list(rows)
    found: dict[int, BitMap] = {}
    lines = ContainerLine.objects.filter(
        batch_id__in={row.batch_id for row in rows},
        container__holder__in={row.holder for row in rows},
        container__status="active",
        container__parent=None,
    )
    for batch_id, units in lines.values_list("batch_id", "units"):
        found[batch_id] = found.get(batch_id, BitMap()) | to_set(units)
    return found


def loose_serials(*, gln: str, site: str, gtin: str, lot: str) -> list[str]:
    """Serials of a lot's packs at a site that stand in no container, by ordinal."""
    rows = holdings(gln=gln, statuses=("active",), site=site)
    row = rows.filter(batch__product__gtin=gtin, batch__lot=lot).first()
    if row is None:
        return []
    loose = to_set(row.units) - _inside([row]).get(row.batch_id, BitMap())
    return list(serials_of(batch_id=row.batch_id, ordinals=loose).values())


def free_boxes(*, gln: str, site: str, text: str = "") -> QuerySet[Container]:
    """Containers with goods that stand free at a site, by number.

    `text` is part of a product, a lot or the container's own number.
    """
    rows = Container.objects.filter(
        holder=gln, site=site, status="active", parent=None, lines__isnull=False
    )
    wanted = text.strip()[:_MOST_CHARACTERS]
    if wanted:
        rows = rows.filter(
            Q(lines__batch__lot__icontains=wanted)
            | Q(lines__batch__product__name__icontains=wanted)
            | Q(epc__contains=wanted)
        )
    lines = ContainerLine.objects.select_related("batch__product").order_by("pk")
    return rows.distinct().order_by("epc").prefetch_related(Prefetch("lines", lines))


def box_rows(rows: Iterable[Container]) -> list[BoxRow]:
    """Containers with what is inside, in a few queries."""
    boxes = list(rows)
    lines = {box.pk: list(box.lines.all()) for box in boxes}
    flags = flags_of(line.batch_id for each in lines.values() for line in each)
    return [_box_row(box, lines[box.pk], flags) for box in boxes]


def _box_row(box: Container, lines: list[ContainerLine], flags: Flags) -> BoxRow:
    sets = {line.batch_id: to_set(line.units) for line in lines}
    return BoxRow(
        epc=box.epc,
        lots=box_lots(lines),
        recalled=sum(flags.recalled_of(key, units) for key, units in sets.items()),
        held=sum(flags.held_of(key, units) for key, units in sets.items()),
    )


def box_lots(lines: Iterable[ContainerLine]) -> tuple[BoxLot, ...]:
    """The batches inside a container."""
    return tuple(
        BoxLot(
            gtin=line.batch.product.gtin,
            product=str(line.batch.product),
            lot=line.batch.lot,
            expiry_date=line.batch.expiry_date,
            count=line.count,
        )
        for line in lines
    )


def held_packs(*, gln: str, most: int) -> list[HeldPack]:
    """Packs in stock that the partner put on hold itself, at most so many."""
    holds = own_holds(gln=gln)
    found: list[HeldPack] = []
    rows = holdings(gln=gln, statuses=("active",)).filter(batch_id__in=holds)
    for row in rows:
        here = to_set(row.units)
        for reason, held in holds[row.batch_id].items():
            part = (here & held)[: most - len(found)]
            serials = serials_of(batch_id=row.batch_id, ordinals=part)
            found += [_held_pack(row, serial, reason) for serial in serials.values()]
        if len(found) >= most:
            break
    return found


def _held_pack(row: Holding, serial: str, reason: str) -> HeldPack:
    product = row.batch.product
    return HeldPack(
        gtin=product.gtin,
        product=str(product),
        lot=row.batch.lot,
        serial=serial,
        expiry_date=row.batch.expiry_date,
        site=row.site,
        reason=reason,
    )
