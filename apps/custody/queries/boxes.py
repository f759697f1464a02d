"""One container: where it is, what it stands in, what is inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection
from pyroaring import BitMap

from apps.core.epcis import PackEpc
from apps.custody.formats import to_set
from apps.custody.models import Container, ContainerLine
from apps.custody.queries.flags import flags_of
from apps.custody.queries.registry import serials_of
from apps.custody.queries.shelf import BoxLot, box_lots


@dataclass(frozen=True, slots=True)
class InnerBox:
    """A container inside another, or one with packs of a lot."""

    epc: str
    count: int


@dataclass(frozen=True, slots=True)
class InnerPack:
    """A pack that stands in a container and in no inner one."""

    epc: str
    product: str
    lot: str
    serial: str


@dataclass(frozen=True, slots=True)
class Inside:
    """What a container holds.

    Attributes:
        packs: packs in no inner container, as many as were asked for.
        loose: how many there are of them.
    """

    lots: tuple[BoxLot, ...]
    boxes: tuple[InnerBox, ...]
    packs: tuple[InnerPack, ...]
    loose: int
    recalled: int
    held: int

    @property
    def count(self) -> int:
        """Packs inside, those of inner containers included."""
        return sum(lot.count for lot in self.lots)


# All inside an outermost one is where it is; what has none of the lot leads to none.
_OF_LOT: Final = """
WITH RECURSIVE own(id, count) AS (
  SELECT c.id, l.count FROM custody_containerline l
  JOIN custody_container c ON c.id = l.container_id
  WHERE l.batch_id = %(batch)s AND c.holder = %(holder)s
    AND c.status IN ('active', 'in_transit')
  UNION ALL SELECT c.id, l.count FROM own JOIN custody_container c ON c.parent_id = own.id
  JOIN custody_containerline l ON l.container_id = c.id AND l.batch_id = %(batch)s)
SELECT c.epc, own.count, COUNT(*) OVER ()
FROM own JOIN custody_container c ON c.id = own.id ORDER BY c.epc LIMIT %(most)s
"""


def boxes_of_lot(*, batch_id: int, gln: str, most: int) -> tuple[list[InnerBox], int]:
    """A party's containers with packs of a lot, by number, inner ones too.

    Returns:
        so many of them, each with how many packs of the lot; and how many there are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OF_LOT, {"batch": batch_id, "holder": gln, "most": most})
        rows = cursor.fetchall()
    return [InnerBox(epc, count) for epc, count, _ in rows], rows[0][2] if rows else 0


def inside_of(container: Container, *, most_packs: int) -> Inside:
    """What is inside, with at most so many single packs by serial."""
    lines = _lines([container])
    children = list(Container.objects.filter(parent=container).order_by("epc"))
    inner = _lines(children)
    loose = {line.batch_id: to_set(line.units) for line in lines}
    sets = dict(loose)
    counts = dict.fromkeys((child.pk for child in children), 0)
    for line in inner:
        loose[line.batch_id] = loose[line.batch_id] - to_set(line.units)
        counts[line.container_id] += line.count
    flags = flags_of(sets)
    return Inside(
        lots=box_lots(lines),
        boxes=tuple(InnerBox(child.epc, counts[child.pk]) for child in children),
        packs=tuple(_packs(lines, loose, most_packs)),
        loose=sum(len(units) for units in loose.values()),
        recalled=sum(flags.recalled_of(key, units) for key, units in sets.items()),
        held=sum(flags.held_of(key, units) for key, units in sets.items()),
    )


def _lines(containers: Iterable[Container]) -> list[ContainerLine]:
    rows = ContainerLine.objects.filter(container__in=list(containers))
    return list(rows.select_related("batch__product").order_by("pk"))


def _packs(
    lines: Iterable[ContainerLine], loose: dict[int, BitMap], most: int
) -> list[InnerPack]:
    found: list[InnerPack] = []
    for line in lines:
        part = loose[line.batch_id][: max(most - len(found), 0)]
        gtin = line.batch.product.gtin
        serials = serials_of(batch_id=line.batch_id, ordinals=part) if part else {}
        found += [
            InnerPack(
                epc=PackEpc(gtin, serial).uri,
                product=str(line.batch.product),
                lot=line.batch.lot,
                serial=serial,
            )
            for serial in serials.values()
        ]
    return found
