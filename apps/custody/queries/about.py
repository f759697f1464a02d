"""Which packs of which lots a statement was about."""

from __future__ import annotations

from dataclasses import dataclass

from pyroaring import BitMap

from apps.catalog.models import Batch
from apps.custody.formats import to_set
from apps.custody.models import EventLine
from apps.custody.references import events_of


@dataclass(frozen=True, slots=True)
class Goods:
    """Packs of one lot."""

    batch: Batch
    count: int


def goods_of(*, statement_id: str, most: int) -> list[Goods]:
    """The packs that the statement's events name, each counted once; by lot.

    Args:
        most: no more lots than that.
    """
    lines = EventLine.objects.filter(event__ref__range=events_of(statement_id))
    units: dict[Batch, BitMap] = {}
    for line in lines.select_related("batch__product").order_by("batch__lot", "pk"):
        units[line.batch] = units.get(line.batch, BitMap()) | to_set(line.units)
    return [Goods(batch, len(packs)) for batch, packs in units.items()][:most]
